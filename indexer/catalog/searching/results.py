"""What a search answers."""

from dataclasses import dataclass, field

from indexer.catalog.searching.explaining import Explanation
from indexer.catalog.searching.query import Query
from indexer.catalog.store.generations import Coverage
from indexer.models import Band, Generation, ImageId, Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why a hit is there; the highlights are HTML, escaped, with <mark> around matched words.

    `is_exact` when captions hold the query as a phrase, or the picture itself its words: no cut-off leaves it out.
    `near_duplicate` when the picture looks like the one that was searched by; None where there was none to compare.
    """

    dense_rank: int | None = None
    similarity: float | None = None
    lexical_rank: int | None = None
    lexical_score: float | None = None
    is_exact: bool = False
    matched_terms: list[str] = field(default_factory=list)
    highlight: str
    instruction_highlight: str | None = None
    captioner: str | None
    prompt_revision: int | None
    corrected: bool
    near_duplicate: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One search result; score is F, higher is better; `duplicates` counts the hits that were folded into it.

    `instruction` is what an edited image was asked for by: of several turns, the one with most of the query's words.
    """

    image_id: ImageId
    score: float
    band: Band
    caption: str
    origin: Origin
    width: int
    height: int
    location: str
    why: Why
    instruction: str | None = None
    duplicates: int = 0
    explanation: Explanation | None = None

    @property
    def is_ranked(self) -> bool:
        """Whether it was found by words or vectors; else filters let it through, and its score and band say nothing."""
        return self.why.dense_rank is not None or self.why.lexical_rank is not None

    @property
    def name(self) -> str:
        """What people know it by: where it lies, or what it was asked for by, as an edit's file has no telling name."""
        return self.location if self.instruction is None else f"edited: {self.instruction}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """The answer to one query; times in milliseconds."""

    query: Query
    generation: Generation | None
    coverage: Coverage | None
    hits: list[Hit]
    next_cursor: str | None = None
    embed_ms: float = 0.0
    search_ms: float = 0.0

    @property
    def no_match(self) -> bool:
        """Tell whether nothing fits; a page after the last is no such answer."""
        return not self.hits and self.query.cursor is None
