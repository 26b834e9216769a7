"""Turn what a model wrote into captions; whatever cannot serve is quarantined with its reason."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import regex
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from indexer.models import Caption, Prompt, clean_text

_FENCED = regex.compile(r"```(?:json)?\s*(.+?)\s*```", regex.DOTALL)
_LONGEST_SENTENCE, _MOST_SENTENCES, _MOST_KEYWORDS, _LONGEST_TEXT = 1000, 20, 50, 20_000
# Answers that speak of the model, not of the image.
_REFUSAL = regex.compile(
    r"^\W*(i['’]?m (sorry|unable|not able)|i am (sorry|unable|not able)|i can(no|['’])t|sorry[,.]|as an ai\b|"
    r"unfortunately,? i|null$|none$|n/?a$|error(:|$| \d))",
    regex.IGNORECASE,
)


def _as_list(value: object) -> object:
    """Take nothing, or one text, where small models leave out the list around it."""
    return [] if value is None else [value] if isinstance(value, str) else value


Texts = Annotated[list[str], BeforeValidator(_as_list)]


class _RetrievalReply(BaseModel):
    model_config = ConfigDict(extra="ignore")

    captions: Texts
    keywords: Texts = Field(default_factory=list)
    visible_text: str | None = ""
    uncertain: bool = False


def combined_schema(prompts: Sequence[Prompt]) -> Mapping[str, Any]:
    """Return the reply schema for one request: the prompt's own, or an object with one member a kind."""
    if len(prompts) == 1:
        return prompts[0].schema
    return {
        "type": "object",
        "properties": {prompt.kind: prompt.schema for prompt in prompts},
        "required": [prompt.kind for prompt in prompts],
        "additionalProperties": False,
    }


def combined_text(prompts: Sequence[Prompt]) -> str:
    """Return the words of one request for all prompts, with the shape of the reply for models without schemas."""
    parts = [prompts[0].text] if len(prompts) == 1 else [f"## {prompt.kind}\n\n{prompt.text}" for prompt in prompts]
    shape = json.dumps(combined_schema(prompts), ensure_ascii=False)
    return "\n\n".join([*parts, f"Answer with JSON only, following this JSON schema:\n{shape}"])


def parse_reply(text: str, prompts: Sequence[Prompt], *, cut_off: bool) -> tuple[Caption, ...]:
    """Return one caption a prompt; `cut_off` when the endpoint stopped at its length limit."""
    parsed = _load_json(text)
    return tuple(_caption(_part(parsed, prompt, prompts), prompt, text, cut_off=cut_off) for prompt in prompts)


def _part(parsed: object, prompt: Prompt, prompts: Sequence[Prompt]) -> object:
    if len(prompts) == 1 or not isinstance(parsed, dict):
        return parsed
    return parsed.get(prompt.kind)


def _caption(parsed: object, prompt: Prompt, text: str, *, cut_off: bool) -> Caption:
    try:
        reply = _RetrievalReply.model_validate(parsed)
    except ValidationError:
        return _unparsed(prompt, text, cut_off=cut_off)
    sentences = _distinct(reply.captions, _MOST_SENTENCES, _LONGEST_SENTENCE)
    usable = tuple(sentence for sentence in sentences if not _REFUSAL.match(sentence))
    quarantine = None
    if cut_off:
        quarantine = "the reply was cut off by its length limit"
    elif not usable:
        quarantine = "the reply is a refusal" if sentences else "the reply has no caption"
    return Caption(
        kind=prompt.kind,
        prompt_id=prompt.id,
        sentences=usable or sentences,
        keywords=_distinct(reply.keywords, _MOST_KEYWORDS, 100),
        visible_text=clean_text(reply.visible_text or "")[:_LONGEST_TEXT],
        uncertain=reply.uncertain,
        quarantine=quarantine,
    )


def _unparsed(prompt: Prompt, text: str, *, cut_off: bool) -> Caption:
    """Keep what was paid for although it is not what was asked for."""
    said = clean_text(text)[:_LONGEST_TEXT]
    if cut_off:
        reason = "the reply was cut off by its length limit"
    elif not said:
        reason = "the reply is empty"
    elif _REFUSAL.match(said):
        reason = "the reply is a refusal"
    else:
        reason = "the reply is not the JSON that was asked for"
    return Caption(kind=prompt.kind, prompt_id=prompt.id, sentences=(said,) if said else (), quarantine=reason)


def _distinct(texts: Sequence[str], most: int, longest: int) -> tuple[str, ...]:
    cleaned = (" ".join(clean_text(text).split())[:longest] for text in texts)
    by_folded: dict[str, str] = {}
    for text in cleaned:
        by_folded.setdefault(text.casefold(), text)
    by_folded.pop("", None)
    return tuple(by_folded.values())[:most]


def _load_json(text: str) -> object:
    """Return the JSON of a reply, also out of a fence or with words around it; None where there is none."""
    fenced = _FENCED.search(text)
    start, end = text.find("{"), text.rfind("}")
    for candidate in (text, fenced.group(1) if fenced else "", text[start : end + 1] if start >= 0 else ""):
        try:
            return json.loads(candidate)
        except (ValueError, RecursionError):
            continue
    return None
