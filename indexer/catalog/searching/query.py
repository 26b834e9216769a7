"""What somebody asks for."""

import hashlib
from dataclasses import dataclass, field, replace

from indexer.catalog.searching.filters import Filter
from indexer.catalog.searching.likeness import Likeness
from indexer.catalog.searching.syntax import Wish, read_box
from indexer.errors import QueryError
from indexer.models import Collapse, Mode, Strictness, clean_text

LONGEST_QUERY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What somebody asks for: the text of a search box, or an image to find the like of, and filters beside it.

    `wish` is the text, read. Without words or an image, what the filters let through is listed, the image added last
    first. Raises QueryError where there is none of them, for more than LONGEST_QUERY characters, and for impossible
    filters.
    """

    text: str = ""
    mode: Mode = "hybrid"
    limit: int = 20
    strictness: Strictness = "normal"
    collapse: Collapse = "none"
    filters: tuple[Filter, ...] = ()
    cursor: str | None = None
    explain: bool = False
    like: Likeness | None = None
    wish: Wish = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", clean_text(self.text))
        if len(self.text) > LONGEST_QUERY:
            raise QueryError(f"The query has {len(self.text)} characters; {LONGEST_QUERY} are the most.")
        wish = read_box(self.text)
        object.__setattr__(self, "wish", replace(wish, filters=(*wish.filters, *self.filters)))
        if not (self.wish.text or self.wish.excluded or self.wish.filters or self.like):
            raise QueryError("The query is empty: say what the image shows.")

    @property
    def is_ranked(self) -> bool:
        """Tell whether there is something to rank by."""
        return bool(self.wish.text or self.like)

    @property
    def said(self) -> str:
        """Return the words to rank by: the box's, or those of an image's captions."""
        return " ".join(self.like.captions) if self.like else self.wish.text

    def fingerprint(self) -> str:
        """Return what tells this query from others, whatever its page and limit."""
        asked = repr((self.text, self.mode, self.strictness, self.collapse, self.filters, self.like))
        return hashlib.sha256(asked.encode("utf-8", "replace")).hexdigest()[:12]
