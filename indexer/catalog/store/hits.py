"""Hits: entries ranked for a query, and everything that a result shows of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

from pgvector import HalfVector
from psycopg import sql
from psycopg.rows import DictRow

from indexer.catalog.queries import Part
from indexer.catalog.store.database import Database
from indexer.catalog.vectors import Vectors
from indexer.models import Generation, GenerationId, ImageId, Origin

# Of the nearest vectors and of the words' best entries; all that counts is among them (docs/search-quality.md).
WINDOW = 100
# So few entries are all scored: exact, and as fast as the vector index.
_FEW = 2000
# The rarest words are looked up until this share of the entries is reached, and this many of them are scored; more
# where no vector finds what they miss.
_REACH, _MOST_REACHED = 0.01, 2000
_REACH_OF_WORDS, _MOST_REACHED_BY_WORDS = 0.10, 20_000

# Conditions may speak of the image; without any, it need not be looked up.
_UNFILTERED, _FILTERED = sql.SQL("entry e"), sql.SQL("entry e JOIN image i ON i.id = e.image_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What an entry `e` and its image `i` must fulfil to be shown, as SQL with parameters of its own.

    `walking` says the same so that the vector index is walked and entries are left out on the way.
    """

    clause: sql.Composable
    walking: sql.Composable
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is searched for: words, a vector (float32 [dimensions]), or both; of what may be shown.

    `image_ids` are the only images to be ranked.
    """

    words: Sequence[str] = ()
    phrase: str | None = None
    vector: Vectors | None = None
    dense_weight: float
    conditions: Conditions | None = None
    image_ids: Sequence[ImageId] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What a hit shows of its image, and what of the query it has, where there is one.

    `instructions` are what an edited image was asked for by, turn by turn.
    `matched_terms` are the query's words as it had them, `matched_lexemes` their stems, the rarest first, and
    `matched_weights` what each is worth in this entry; `sentence_similarities` are the sentences' cosines to the query.
    """

    sentences: list[str]
    corrected: bool
    captioner: str | None
    prompt_revision: int | None
    origin: Origin
    width: int
    height: int
    location: str
    instructions: list[str] = field(default_factory=list)
    matched_terms: list[str] = field(default_factory=list)
    matched_lexemes: list[str] = field(default_factory=list)
    matched_weights: list[float] = field(default_factory=list)
    sentence_similarities: list[float | None] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One ranked entry; `details` only where they were asked for.

    `is_exact` when its captions hold the query as a phrase, or the picture itself its words.
    """

    image_id: ImageId
    score: float
    similarity: float | None
    lexical_score: float | None
    dense_weight: float
    is_exact: bool
    dense_rank: int | None
    lexical_rank: int | None
    details: Details | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """What a word of a query is worth: how many entries hold its lexeme, and its IDF."""

    lexeme: str
    word: str
    entries: int
    idf: float


class Hits:
    """Queries of sql/queries/hits.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_hits(self, generation: Generation, sought: Sought, *, limit: int) -> list[Candidate]:
        """Return the best entries, best first, the first `limit` of them described."""
        is_hybrid = sought.vector is not None
        parts: dict[str, Part] = {
            "generation": generation.id,
            "dimensions": generation.dimensions,
            "window": WINDOW,
            "few": _FEW,
            "reach": _REACH if is_hybrid else _REACH_OF_WORDS,
            "most_reached": _MOST_REACHED if is_hybrid else _MOST_REACHED_BY_WORDS,
            "use_words": bool(sought.words),
            "use_vector": sought.vector is not None,
        }
        rows = self._database.search(
            "hits",
            "find_hits",
            parts | _filtering(sought.conditions),
            "anew" if sought.conditions else "once",
            words=list(sought.words),
            phrase=sought.phrase,
            vector=None if sought.vector is None else HalfVector(sought.vector),
            dense_weight=sought.dense_weight,
            image_ids=None if sought.image_ids is None else list(sought.image_ids),
            limit=limit,
            **_values(sought.conditions),
        )
        return [_candidate(row) for row in rows]

    def list_hits(
        self, generation_id: GenerationId, sought: Sought, *, before: ImageId | None, limit: int
    ) -> list[tuple[ImageId, Details]]:
        """Return what may be shown, the image added last first; those after the image `before`."""
        parts = {"generation": generation_id, **_filtering(sought.conditions)}
        values = {"before": before, "limit": limit, **_values(sought.conditions)}
        rows = self._database.search("hits", "list_hits", parts, "anew", **values)
        return [(row.pop("image_id"), Details(**row)) for row in rows]

    def is_let_through(self, generation_id: GenerationId, image_id: ImageId, conditions: Conditions | None) -> bool:
        """Tell whether an image has an entry that fulfils conditions; without conditions, whether it has one."""
        parts: dict[str, Part] = {
            "generation": generation_id,
            "conditions": conditions.clause if conditions else sql.SQL("true"),
        }
        row = self._database.fetch_one("hits", "is_let_through", parts, image_id=image_id, **_values(conditions))
        return bool(row and row["passes"])

    def explain_terms(self, generation_id: GenerationId, words: Sequence[str]) -> list[Term]:
        """Return what a query's words are worth, the rarest first."""
        rows = self._database.fetch("hits", "explain_terms", generation_id=generation_id, words=list(words))
        return [Term(**row) for row in rows]


def _filtering(conditions: Conditions | None) -> dict[str, Part]:
    return {
        "conditions": conditions.clause if conditions else sql.SQL("true"),
        "walking": conditions.walking if conditions else sql.SQL("true"),
        "source": _FILTERED if conditions else _UNFILTERED,
        "is_filtered": conditions is not None,
    }


def _values(conditions: Conditions | None) -> Mapping[str, object]:
    return conditions.values if conditions else {}


def _candidate(row: DictRow) -> Candidate:
    return Candidate(
        image_id=row["image_id"],
        score=row["score"],
        similarity=row["similarity"],
        lexical_score=row["lexical_score"],
        dense_weight=row["dense_weight"],
        is_exact=row["is_exact"],
        dense_rank=row["dense_rank"],
        lexical_rank=row["lexical_rank"],
        details=_details(row) if row["sentences"] is not None else None,
    )


def _details(row: DictRow) -> Details:
    """Read what a hit shows; a query that matched no word has no list of them."""
    return Details(**{name: row[name] for name in _DETAILS if row[name] is not None or name not in _LISTS})


_DETAILS = tuple(field.name for field in fields(Details))
_LISTS = frozenset(field.name for field in fields(Details) if field.default_factory is list)
