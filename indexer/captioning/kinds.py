"""What a reply of each kind looks like, and what makes it a caption."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from indexer.captioning.checks import find_fault, mend_keywords, mend_sentence, mend_sentences
from indexer.models import RETRIEVAL, Caption, Prompt, clean_text

LONGEST_ALT_TEXT = 125
DECORATIVE = "DECORATIVE"
_LONGEST_TEXT = 20_000


def _as_list(value: object) -> object:
    """Take nothing, or one text, where small models leave out the list around it."""
    return [] if value is None else [value] if isinstance(value, str) else value


Texts = Annotated[list[str], BeforeValidator(_as_list)]


class _Reply(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Retrieval(_Reply):
    captions: Texts
    keywords: Texts = Field(default_factory=list)
    visible_text: str | None = ""
    uncertain: bool | None = False


class _AltText(_Reply):
    alt_text: str


class _Ecommerce(_Reply):
    title: str
    description: str
    attributes: Texts = Field(default_factory=list)
    uncertain: bool | None = False


def read_kind(parsed: object, prompt: Prompt, *, languages: Sequence[str]) -> Caption:
    """Return the caption in a parsed reply, quarantined where it may not serve.

    Raises pydantic.ValidationError when the reply does not have the kind's shape.
    """
    read = _READERS.get(prompt.kind, _read_fields)
    return replace(read(parsed, prompt, languages), kind=prompt.kind, prompt_id=prompt.id)


def _read_retrieval(parsed: object, prompt: Prompt, languages: Sequence[str]) -> Caption:
    reply = _Retrieval.model_validate(parsed)
    sentences = mend_sentences(reply.captions)
    faults = [find_fault(sentence, prompt_text=prompt.text, languages=languages) for sentence in sentences]
    usable = tuple(sentence for sentence, fault in zip(sentences, faults, strict=True) if fault is None)
    first_fault = next((fault for fault in faults if fault), "has no caption")
    return Caption(
        kind=RETRIEVAL,
        sentences=usable or sentences,
        keywords=mend_keywords(reply.keywords),
        visible_text=clean_text(reply.visible_text or "")[:_LONGEST_TEXT],
        uncertain=bool(reply.uncertain),
        quarantine=None if usable else f"the reply {first_fault}",
    )


def _read_alt_text(parsed: object, prompt: Prompt, languages: Sequence[str]) -> Caption:
    text = mend_sentence(_AltText.model_validate(parsed).alt_text)
    if text.strip(" .\"'").upper() == DECORATIVE:
        return Caption(kind=prompt.kind, sentences=(DECORATIVE,))
    fault = find_fault(text, prompt_text=prompt.text, languages=languages) if text else "has no alt text"
    if fault is None and len(text) > LONGEST_ALT_TEXT:
        fault = f"has {len(text)} characters, and an alt text at most {LONGEST_ALT_TEXT}"
    return Caption(kind=prompt.kind, sentences=(text,), quarantine=fault and f"the reply {fault}")


def _read_ecommerce(parsed: object, prompt: Prompt, languages: Sequence[str]) -> Caption:
    reply = _Ecommerce.model_validate(parsed)
    sentences = mend_sentences([reply.title, reply.description])
    faults = (find_fault(sentence, prompt_text=prompt.text, languages=languages) for sentence in sentences)
    fault = next((fault for fault in faults if fault), None) or (None if len(sentences) == 2 else "is not complete")
    return Caption(
        kind=prompt.kind,
        sentences=sentences,
        keywords=mend_keywords(reply.attributes),
        uncertain=bool(reply.uncertain),
        quarantine=fault and f"the reply {fault}",
    )


def _read_fields(parsed: object, prompt: Prompt, _languages: Sequence[str]) -> Caption:
    """Read moderation, and any kind of the user's own, as the fields that its schema names."""
    fields = _Fields.model_validate({"fields": parsed}).fields
    properties: Mapping[str, Any] = prompt.schema.get("properties", {})
    kept = {name: value for name, value in fields.items() if name in properties}
    faults = [fault for name in properties if (fault := _field_fault(name, kept, properties[name]))]
    return Caption(
        kind=prompt.kind,
        sentences=(),
        fields=kept,
        uncertain=kept.get("uncertain") is True,
        quarantine=f"the reply {faults[0]}" if faults else None,
    )


class _Fields(BaseModel):
    fields: dict[str, Any]


def _field_fault(name: str, fields: Mapping[str, Any], schema: Mapping[str, Any]) -> str | None:
    if name not in fields:
        return f"lacks {name}"
    value, allowed = fields[name], schema.get("enum")
    if allowed is not None and value not in allowed:
        return f"has {value!r} for {name}, which takes {', '.join(map(str, allowed))}"
    kind = _JSON_TYPES.get(schema.get("type", ""))
    if kind is not None and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
        return f"has {value!r} for {name}, which takes a {schema['type']}"
    return None


_JSON_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "boolean": bool,
    "string": str,
    "number": (int, float),
    "integer": int,
    "array": list,
    "object": dict,
}
_READERS: Mapping[str, Callable[[object, Prompt, Sequence[str]], Caption]] = {
    RETRIEVAL: _read_retrieval,
    "alt_text": _read_alt_text,
    "ecommerce": _read_ecommerce,
}
TEXT_KINDS = tuple(_READERS)  # others are fields of a schema
