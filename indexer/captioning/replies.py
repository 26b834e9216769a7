"""Turn what a model wrote into captions; whatever cannot serve is quarantined with its reason."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import regex
from pydantic import ValidationError
from pydantic_core import from_json

from indexer.captioning import plain
from indexer.captioning.checks import is_refusal
from indexer.captioning.kinds import read_kind
from indexer.models import Caption, Prompt, clean_text

_FENCED = regex.compile(r"```(?:json)?\s*(.+?)\s*```", regex.DOTALL)
_THOUGHTS = regex.compile(r"^\s*<think>.*?</think>", regex.DOTALL)  # models that think aloud before they answer
_MOST_KEPT = 20_000
_CUT_OFF = "the reply was cut off by its length limit"


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


def parse_reply(
    text: str, prompts: Sequence[Prompt], *, cut_off: bool, languages: Sequence[str] = ("en",), is_plain: bool = False
) -> tuple[Caption, ...]:
    """Return one caption a prompt; `cut_off` when the endpoint stopped at its length limit.

    What was complete before the cut is taken: it is paid for. `is_plain` where the endpoint takes no reply format, so
    that plain words may answer a prompt.
    """
    said = _THOUGHTS.sub("", text)
    parsed = _load_cut_json(said) if cut_off else _load_json(said)
    if is_plain and "{" not in said and len(prompts) == 1 and prompts[0].kind in plain.KINDS:
        sentences = plain.split_sentences(said, cut_off=cut_off)
        return (plain.read_sentences(sentences, prompts[0], languages=languages),)
    return tuple(
        _caption(_part(parsed, prompt, prompts), prompt, text, cut_off=cut_off, languages=languages)
        for prompt in prompts
    )


def _part(parsed: object, prompt: Prompt, prompts: Sequence[Prompt]) -> object:
    if len(prompts) == 1 or not isinstance(parsed, dict):
        return parsed
    return parsed.get(prompt.kind)


def _caption(parsed: object, prompt: Prompt, text: str, *, cut_off: bool, languages: Sequence[str]) -> Caption:
    try:
        caption = read_kind(parsed, prompt, languages=languages)
    except ValidationError:
        return _unparsed(prompt, text, cut_off=cut_off)
    return replace(caption, quarantine=_CUT_OFF) if cut_off and caption.quarantine else caption


def _unparsed(prompt: Prompt, text: str, *, cut_off: bool) -> Caption:
    """Keep what was paid for although it is not what was asked for."""
    said = clean_text(text)[:_MOST_KEPT]
    if cut_off:
        reason = _CUT_OFF
    elif not said:
        reason = "the reply is empty"
    elif is_refusal(said):
        reason = "the reply is a refusal"
    else:
        reason = "the reply is not the JSON that was asked for"
    return Caption(kind=prompt.kind, prompt_id=prompt.id, sentences=(said,) if said else (), quarantine=reason)


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


def _load_cut_json(text: str) -> object:
    """Return what was complete in JSON that stops in its middle; a text that was being written is left out."""
    start = text.find("{")
    try:
        return from_json(text[start:], allow_partial=True) if start >= 0 else None
    except ValueError:
        return None
