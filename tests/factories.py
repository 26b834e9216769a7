"""Things to put into a catalogue, with defaults."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from indexer.catalog.searching import Hit, Why
from indexer.catalog.store import Store
from indexer.catalog.store.edits import NewEdit, NewOutput, Source
from indexer.catalog.store.failures import NewFailure
from indexer.catalog.store.hits import Sought
from indexer.catalog.store.images import Wanted
from indexer.models import (
    Answer,
    Caption,
    FoundFile,
    Generation,
    GenerationId,
    ImageFacts,
    ImageId,
    Prompt,
    PromptId,
    RunId,
    Usage,
)


def make_facts(name: str = "a", **changes: object) -> ImageFacts:
    values: dict[str, object] = {"format": "JPEG", "width": 640, "height": 480, "size_bytes": 1000, **changes}
    return ImageFacts(sha256=hashlib.sha256(name.encode()).digest(), **values)  # type: ignore[arg-type]


def make_found(name: str = "a.jpg", *, size_bytes: int = 1000, modified_ns: int = 1) -> FoundFile:
    path = Path("/pictures") / name
    return FoundFile(path=path, location=str(path), relative_path=name, size_bytes=size_bytes, modified_ns=modified_ns)


def make_answer(*sentences: str, prompt_id: PromptId | None = None, **changes: object) -> Answer:
    values: dict[str, object] = {"kind": "retrieval", "sentences": sentences or ("A red mug on a desk.",), **changes}
    return Answer(captions=(Caption(prompt_id=prompt_id, **values),))  # type: ignore[arg-type]


def make_prompt(text: str = "Describe.", **changes: object) -> Prompt:
    values: dict[str, object] = {"kind": "retrieval", "schema": {"type": "object"}, **changes}
    return Prompt(
        text=text,
        max_tokens=100,
        image_detail="auto",
        sha256=hashlib.sha256(text.encode()).digest(),
        **values,  # type: ignore[arg-type]
    )


def make_generation(**changes: object) -> Generation:
    values: dict[str, object] = {
        "id": GenerationId(1),
        "prompt_id": None,
        "prompt_revision": None,
        "captioner": "openai",
        "model": "m",
        "embedder": "all-MiniLM-L6-v2",
        "dimensions": 384,
        "state": "live",
        "entries": 10,
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        **changes,
    }
    return Generation(**values)  # type: ignore[arg-type]


def make_hit(number: int) -> Hit:
    return Hit(
        image_id=ImageId(number),
        score=1 / number,
        band="likely",
        caption=f"Picture {number}.",
        origin="original",
        width=1,
        height=1,
        location=f"{number}.jpg",
        why=Why(highlight="", captioner=None, prompt_revision=None, corrected=False),
    )


def make_failure(location: str = "/pictures/a.jpg", **changes: object) -> NewFailure:
    values: dict[str, object] = {"stage": "read", "reason": "the file is empty", "retryable": False, **changes}
    return NewFailure(location=location, **values)  # type: ignore[arg-type]


def make_wanted(rank: int = 1, **changes: object) -> Wanted:
    values: dict[str, object] = {"kinds": ["retrieval"], "prompt_ids": [None], "captioner": "import", **changes}
    values.setdefault("model", values["captioner"])
    return Wanted(rank=rank, **values)  # type: ignore[arg-type]


def make_sought(**changes: object) -> Sought:
    values: dict[str, object] = {"dense_weight": 0.8, **changes}
    return Sought(**values)  # type: ignore[arg-type]


def make_new_edit(instruction: str = "Make it night.", **changes: object) -> NewEdit:
    values: dict[str, object] = {
        "key": hashlib.sha256(f"{instruction}{changes}".encode()).digest(),
        "after_id": None,
        "turn": 1,
        "conversation": [{"role": "user", "content": instruction}],
        "api_format": "gemini",
        "model": "m",
        "parameters": {},
        **changes,
    }
    return NewEdit(instruction=instruction, **values)  # type: ignore[arg-type]


def add_edit(
    store: Store, run_id: RunId, instruction: str, sources: Sequence[Source], outputs: Sequence[NewOutput]
) -> list[ImageId]:
    """Have an edit done and return the images that it brought."""
    edit_id = store.edits.register_edit(make_new_edit(instruction)).edit_id
    request_id = store.edits.claim_edit(edit_id, run_id, sources)
    assert request_id is not None
    wanted = make_wanted()
    stored = store.edits.store_edit(edit_id, request_id, outputs, wanted, reply=None, usage=Usage(), attempts=1)
    return [registered.image_id for registered in stored]


def make_source(image_id: int, position: int = 0, **changes: object) -> Source:
    values: dict[str, object] = {"role": "input", **changes}
    return Source(image_id=ImageId(image_id), position=position, **values)  # type: ignore[arg-type]


def make_output(name: str) -> NewOutput:
    return NewOutput(facts=make_facts(name, origin="edit"), file=make_found(f"edits/{name}.jpg"))


def add_image(store: Store, name: str = "a", *sentences: str) -> ImageId:
    """Register an image at `<name>.jpg`, with an imported caption where sentences are given."""
    facts = make_facts(name)
    registered = store.images.register_image(facts, make_found(f"{name}.jpg"), make_wanted())
    if sentences:
        store.captions.store_answer(registered.image_id, make_answer(*sentences), captioner="import", model="import")
    return registered.image_id
