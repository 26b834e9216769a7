"""An image of a library that is made up: what a catalogue knows of it, without a file."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from psycopg.types.json import Jsonb

from indexer.models import RETRIEVAL, Origin, PromptId

# The models behind the captioners that captions are said to come from.
MODELS = {"import": "import", "openai": "gpt-4o-mini"}
_ROOT = "/library/"
_SIZE_BYTES, _MODIFIED_NS = 2_000_000, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchImage:
    """One image and what was said of it; `name` is its path below the root, and what it is known by."""

    name: str
    sentences: tuple[str, ...]
    keywords: tuple[str, ...] = ()
    visible_text: str = ""
    captioner: Literal["import", "openai"] = "import"
    moderation: Mapping[str, object] | None = None
    tags: tuple[str, ...] = ()
    taken_at: datetime | None = None
    width: int = 640
    height: int = 480
    origin: Origin = "original"
    format: str = "JPEG"

    def image_row(self, image_id: int) -> tuple[object, ...]:
        """Return its row of `image`; hashes are made from its name, and so at random."""
        sha256 = hashlib.sha256(self.name.encode()).digest()
        looks = int.from_bytes(sha256[:8], signed=True)
        shape = (self.origin, self.format, self.width, self.height, _SIZE_BYTES)
        return image_id, sha256, *shape, self.taken_at, list(self.tags), 1, looks

    def location_row(self, image_id: int) -> tuple[object, ...]:
        """Return its row of `location`."""
        return image_id, _ROOT + self.name, self.name, _SIZE_BYTES, _MODIFIED_NS

    def caption_rows(self, image_id: int, prompts: Mapping[str, PromptId]) -> Iterator[tuple[object, ...]]:
        """Yield its rows of `caption`; a model's have the prompt of their kind."""
        is_models = self.captioner != "import"
        who = (self.captioner, MODELS[self.captioner])
        said = (list(self.sentences), list(self.keywords), self.visible_text)
        yield image_id, RETRIEVAL, prompts[RETRIEVAL] if is_models else None, *who, *said, None
        if self.moderation is not None:
            asked = (image_id, "moderation", prompts["moderation"], "openai", MODELS["openai"])
            yield *asked, [], [], "", Jsonb(dict(self.moderation))
