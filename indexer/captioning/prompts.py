"""Prompts: TOML files shipped with the package and overridden by a folder of the user's."""

import difflib
import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from indexer.errors import NotFoundError, SettingsError
from indexer.models import Prompt
from indexer.settings import Settings

SHIPPED = Path(__file__).parent / "prompts"
DEFAULT_FOLDER = Path("prompts")  # of the working folder; it need not be there


class _PromptFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1)
    schema_: Mapping[str, Any] = Field(alias="schema")
    max_tokens: int = Field(ge=16, le=32_000)
    image_detail: str = Field("auto", pattern="^(auto|low|high)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What settings put into every prompt; each wording is a revision of its own."""

    languages: tuple[str, ...] = ("en",)
    brand_voice: str = "friendly, clear and honest"

    @classmethod
    def of(cls, settings: Settings) -> "Wording":
        """Return what the settings put into every prompt."""
        return cls(languages=settings.languages, brand_voice=settings.brand_voice)

    def apply(self, text: str) -> str:
        """Return a prompt's text in this wording."""
        voiced = text.replace("{brand_voice}", self.brand_voice)
        if self.languages == ("en",):
            return voiced
        named = " and ".join(self.languages)
        return f"{voiced}\n\nWrite every text in each of these languages (ISO 639 codes): {named}. {_PER_LANGUAGE}"


_PER_LANGUAGE = (
    "Lists have the entries of each language one after another; give as many captions in each. Where one text is asked "
    "for, write the first language only. Text that can be read in the image stays as it is."
)


def load_prompts(folder: Path, wording: Wording | None = None) -> dict[str, Prompt]:
    """Return the prompt in force of every kind: the file in `folder`, else the shipped one.

    Raises SettingsError, naming the file, for one that cannot be used.
    """
    if folder != DEFAULT_FOLDER and not folder.is_dir():
        raise SettingsError(f"{folder} is no folder of prompts; `indexer prompts init --prompts {folder}` makes one.")
    files = {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}
    files |= {path.stem: path for path in sorted(folder.glob("*.toml"))}
    return {kind: _load(kind, path, wording or Wording()) for kind, path in files.items()}


def get_prompt(folder: Path, kind: str, wording: Wording | None = None) -> Prompt:
    """Return the prompt in force of one kind; raises NotFoundError."""
    prompts = load_prompts(folder, wording)
    if kind not in prompts:
        raise NotFoundError("prompt of kind", f"{kind}; there are: {', '.join(prompts)}")
    return prompts[kind]


def no_prompt(kind: str) -> Prompt:
    """Return what stands for the prompt of a kind where a captioner takes none."""
    return Prompt(
        kind=kind,
        text="",
        schema={},
        max_tokens=0,
        image_detail="auto",
        sha256=revision_sha256("", {}, 0, "auto"),
    )


def copy_shipped(folder: Path) -> list[Path]:
    """Copy the shipped prompt files to `folder` for editing; return what was written, never over a file there."""
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for shipped in sorted(SHIPPED.glob("*.toml")):
            copy = folder / shipped.name
            if not copy.exists():
                copy.write_text(shipped.read_text(encoding="utf-8"), encoding="utf-8")
                written.append(copy)
    except OSError as exc:
        raise SettingsError(f"The prompts cannot be written to {folder}: {exc.strerror}.") from exc
    return written


def revision_sha256(text: str, schema: Mapping[str, Any], max_tokens: int, image_detail: str) -> bytes:
    """Return what identifies a revision: the SHA-256 of its parsed values, so that a comment changes nothing."""
    values = {"text": text, "schema": schema, "max_tokens": max_tokens, "image_detail": image_detail}
    return hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=False).encode()).digest()


def unified_diff(before: Prompt, after: Prompt) -> list[str]:
    """Return the lines in which two revisions differ, as `diff -u` shows them; none where they say the same."""
    names = [f"{prompt.kind} {prompt.revision or 'in force'}" for prompt in (before, after)]
    return list(difflib.unified_diff(_lines(before), _lines(after), names[0], names[1], lineterm=""))


def _lines(prompt: Prompt) -> list[str]:
    schema = json.dumps(prompt.schema, indent=2, sort_keys=True, ensure_ascii=False)
    settings = f"max_tokens = {prompt.max_tokens}\nimage_detail = {prompt.image_detail}\nschema = {schema}"
    return [*prompt.text.splitlines(), "", *settings.splitlines()]


def _load(kind: str, path: Path, wording: Wording) -> Prompt:
    try:
        parsed = _PromptFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as exc:
        reason = exc.errors()[0]["msg"] if isinstance(exc, ValidationError) else str(exc)
        where = ".".join(str(part) for part in exc.errors()[0]["loc"]) if isinstance(exc, ValidationError) else "TOML"
        raise SettingsError(f"{path} is no usable prompt: {where}: {reason}.") from exc
    text = wording.apply(parsed.text.strip())
    return Prompt(
        kind=kind,
        text=text,
        schema=parsed.schema_,
        max_tokens=parsed.max_tokens,
        image_detail=parsed.image_detail,
        sha256=revision_sha256(text, parsed.schema_, parsed.max_tokens, parsed.image_detail),
    )
