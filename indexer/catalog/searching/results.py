"""What a search answers."""

from dataclasses import dataclass

from indexer.catalog.searching.query import Query
from indexer.catalog.store.generations import Coverage
from indexer.models import Band, Generation, ImageId, Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why a hit is there; `highlight` is HTML, escaped, with <mark> around matched words."""

    dense_rank: int | None
    similarity: float | None
    lexical_rank: int | None
    matched_share: float | None
    matched_terms: list[str]
    highlight: str
    captioner: str | None
    prompt_revision: int | None
    corrected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One search result; score is F, higher is better."""

    image_id: ImageId
    score: float
    band: Band
    caption: str
    origin: Origin
    width: int
    height: int
    location: str
    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """The answer to one query; times in milliseconds."""

    query: Query
    generation: Generation | None
    coverage: Coverage | None
    hits: list[Hit]
    embed_ms: float = 0.0
    search_ms: float = 0.0

    @property
    def no_match(self) -> bool:
        """Tell whether nothing fits."""
        return not self.hits
