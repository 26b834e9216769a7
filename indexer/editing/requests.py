"""What is to be edited: lines of DataFlow's JSONL, each a request of one or more turns."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from indexer.conversations import ItemError, clean_value, find_names, find_turns, read_name, said_by_people
from indexer.editing.editor import Parameters
from indexer.json_items import load_items
from indexer.models import EditId, clean_text


@dataclass(frozen=True, slots=True, kw_only=True)
class EditRequest:
    """Images to be edited, and what is asked of them, turn by turn; without a turn, a variation.

    Names are paths from `folder`, or `image:17` and `sha256:…` for indexed images. `location` is where it is written,
    its place there `number`; `fault` says why it cannot be used. `edit_ids` are what its turns were accepted as, where
    they were before.
    """

    location: str
    number: int = 0
    folder: Path
    written: Mapping[str, Any] = field(default_factory=dict)
    images: tuple[str, ...] = ()
    turns: tuple[str, ...] = ()
    mask: str | None = None
    parameters: Parameters = field(default_factory=dict)
    fault: str | None = None
    edit_ids: tuple[EditId, ...] = ()

    @property
    def conversation(self) -> list[Mapping[str, object]]:
        """Return all turns as they are written, their texts as the catalogue can keep them."""
        return [
            {clean_text(name): clean_value(said) for name, said in turn.items()} for turn in find_turns(self.written)
        ]


def load_requests(path: Path) -> Iterator[EditRequest]:
    """Yield the requests of a JSONL file or a JSON array, also those that cannot be used.

    Raises JsonFileError when the file cannot be read at all.
    """
    file = Path(os.path.abspath(path))  # noqa: PTH100 - a link stays the place that was named
    for number, item in load_items(file):
        yield read_request(item, EditRequest(location=f"{file}:{number}", number=number, folder=file.parent))


def read_request(item: object, request: EditRequest) -> EditRequest:
    """Return a request with what an item asks for; what is wrong with it is its fault."""
    if not isinstance(item, dict):
        return replace(request, fault="it is no JSON object")
    request = replace(request, written=item)
    try:
        json.dumps([item, request.conversation])  # both are to be written down
        return replace(
            request,
            images=tuple(find_names(item, "images", "image")),
            turns=tuple(said_by_people(item)),
            mask=read_name(item["mask"], "mask") if item.get("mask") else None,
            parameters=_read_parameters(item.get("parameters") or {}),
        )
    except ItemError as exc:
        return replace(request, fault=str(exc))
    except RecursionError:
        return replace(request, fault="it nests too deep")


def _read_parameters(said: object) -> Parameters:
    if not isinstance(said, dict) or not all(_is_plain(value) for value in said.values()):
        raise ItemError('its parameters are no object of texts and numbers, such as {"size": "1024x1024"}')
    return {name: clean_text(value) if isinstance(value, str) else value for name, value in said.items()}


def _is_plain(value: object) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)
