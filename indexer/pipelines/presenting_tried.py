"""The contract's JSON for captions that were tried out, and for what they can be tried out with."""

from collections.abc import Mapping

from typing_extensions import TypedDict  # pydantic reads this one on Python 3.11

from indexer.models import Answer, Caption, CaptionerName, Usage
from indexer.pipelines.offering import Offer


class UsageAnswer(TypedDict):
    """What was paid: tokens as the endpoint counted them, USD where the price is known; null where nothing is known."""

    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None


class TriedCaption(TypedDict):
    """What a captioner said for one kind; `quarantine` says why it would not serve."""

    kind: str
    sentences: list[str]
    keywords: list[str]
    visible_text: str
    uncertain: bool
    fields: Mapping[str, object] | None
    quarantine: str | None
    prompt_revision: int | None


class TriedAnswer(TypedDict):
    """What a captioner said of one image; no captions where that was nothing. Nothing of it is indexed."""

    captioner: str
    model: str
    captions: list[TriedCaption]
    usage: UsageAnswer
    took_ms: float


class CaptionerAnswer(TypedDict):
    """A captioner that can be asked for, and for which kinds; `reason` says why it cannot be used as it is set up."""

    name: CaptionerName
    model: str
    kinds: list[str]
    paid: bool
    available: bool
    reason: str | None
    default: bool


def present_usage(usage: Usage) -> UsageAnswer:
    """Return what was paid."""
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cost_usd": None if usage.cost_usd is None else round(usage.cost_usd, 8),
    }


def present_tried(
    captioner: tuple[str, str], answer: Answer | None, revisions: Mapping[str, int | None], took_s: float
) -> TriedAnswer:
    """Return what a captioner (its name, its model) answered; `revisions` are the prompts' by kind."""
    return {
        "captioner": captioner[0],
        "model": captioner[1],
        "captions": [_caption(caption, revisions) for caption in answer.captions] if answer else [],
        "usage": present_usage(answer.usage if answer else Usage()),
        "took_ms": round(took_s * 1000, 1),
    }


def present_offer(offer: Offer) -> CaptionerAnswer:
    """Return one captioner that can be asked for."""
    return {
        "name": offer.name,
        "model": offer.model,
        "kinds": list(offer.kinds),
        "paid": offer.is_paid,
        "available": offer.reason is None,
        "reason": offer.reason,
        "default": offer.is_default,
    }


def _caption(caption: Caption, revisions: Mapping[str, int | None]) -> TriedCaption:
    return {
        "kind": caption.kind,
        "sentences": list(caption.sentences),
        "keywords": list(caption.keywords),
        "visible_text": caption.visible_text,
        "uncertain": caption.uncertain,
        "fields": caption.fields,
        "quarantine": caption.quarantine,
        "prompt_revision": revisions.get(caption.kind),
    }
