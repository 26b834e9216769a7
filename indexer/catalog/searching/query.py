"""What somebody asks for."""

from dataclasses import dataclass

from indexer.errors import QueryError
from indexer.models import Mode, Strictness, clean_text

LONGEST_QUERY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What somebody asks for; raises QueryError for a text without words or over LONGEST_QUERY characters."""

    text: str
    mode: Mode = "hybrid"
    limit: int = 20
    strictness: Strictness = "normal"

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", clean_text(self.text))
        if not self.text:
            raise QueryError("The query is empty: say what the image shows.")
        if len(self.text) > LONGEST_QUERY:
            raise QueryError(f"The query has {len(self.text)} characters; {LONGEST_QUERY} are the most.")
