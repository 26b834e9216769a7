"""Revised prompts: the shipped ones that begin with another line."""

from pathlib import Path

import indexer.captioning

_SHIPPED = Path(indexer.captioning.__file__).parent / "prompts"
_FIRST_LINE = {
    "retrieval": "Describe this image for a search index.",
    "alt_text": "Write the alternative text of this image for a web page.",
}


def write_revision(folder: Path, first_line: str, kind: str = "retrieval") -> Path:
    """Write a prompt into `prompts` below a folder, which commands run there read, and return where."""
    text = (_SHIPPED / f"{kind}.toml").read_text()
    assert _FIRST_LINE[kind] in text
    (folder / "prompts").mkdir(exist_ok=True)
    (folder / "prompts" / f"{kind}.toml").write_text(text.replace(_FIRST_LINE[kind], first_line))
    return folder / "prompts"
