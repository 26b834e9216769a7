"""What tests of edits share: files of requests, and what lies in OUTPUT afterwards."""

import json
from pathlib import Path
from typing import Any

OUTPUT = "edits"


def ask(images: object, *turns: str, **fields: Any) -> dict[str, Any]:
    """Return a line of a file of requests."""
    return {"images": images, "conversations": [{"role": "user", "content": turn} for turn in turns], **fields}


def write_requests(folder: Path, *lines: object, name: str = "requests.jsonl") -> Path:
    """Write a file of requests; what is text already is written as it is."""
    path = folder / name
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return path


def read_results(folder: Path, output: str = OUTPUT) -> list[Any]:
    """Return the lines of `edits.jsonl`."""
    return [json.loads(line) for line in (folder / output / "edits.jsonl").read_text().splitlines()]


def find_outputs(folder: Path, output: str = OUTPUT) -> dict[str, bytes]:
    """Return the bytes of every file in the folders of keys, by its path from OUTPUT."""
    found = sorted((folder / output).glob("*/*"))
    return {str(path.relative_to(folder / output)): path.read_bytes() for path in found}
