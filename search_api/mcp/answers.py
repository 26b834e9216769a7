"""What tools for agents answer: the JSON of the HTTP paths without what an agent has no use for."""

from collections.abc import Iterable, Mapping

from typing_extensions import TypedDict  # pydantic reads this one on Python 3.11

from indexer.catalog.searching import Results
from indexer.catalog.store.captions import StoredCaption
from indexer.catalog.store.images import StoredImage
from indexer.models import Band, ImageId, Origin, name_captioner
from indexer.pipelines.explaining import ExplainedHit
from indexer.pipelines.presenting import HitAnswer, present, present_hit


class FoundWhy(TypedDict):
    """Why an image was found; `similarity` is a cosine, `exact` that it holds the query word for word."""

    similarity: float | None
    matched_terms: list[str]
    exact: bool
    corrected: bool


class FoundImage(TypedDict):
    """One image that fits; a higher score is better. `instruction` is what an edited image was asked for by."""

    image_id: ImageId
    score: float
    band: Band
    caption: str
    location: str
    origin: Origin
    instruction: str | None
    why: FoundWhy


class FoundImages(TypedDict):
    """The answer to a search, best first; `no_match` says that nothing in the index fits, `note` what to do then."""

    no_match: bool
    note: str | None
    next_cursor: str | None
    hits: list[FoundImage]


class ServingCaption(TypedDict):
    """The caption of one kind that serves; `by` is the captioner and its model, or `correction` for a person's."""

    kind: str
    by: str
    sentences: list[str]
    keywords: list[str]
    visible_text: str
    uncertain: bool
    fields: Mapping[str, object] | None


class KnownImage(TypedDict):
    """What is known of an image; width and height in pixels as seen, `note` where there is no picture of it."""

    image_id: ImageId
    sha256: str
    origin: Origin
    format: str
    width: int
    height: int
    size_bytes: int
    taken_at: str | None
    added_at: str
    locations: list[str]
    captions: list[ServingCaption]
    note: str | None


class ExplainedImage(TypedDict):
    """Whether a search shows an image, at which place, and why; `hit` is null where nothing speaks for it."""

    shown: bool
    rank: int | None
    reason: str
    hit: FoundImage | None


def tell_found(results: Results, note: str | None) -> FoundImages:
    """Return what was found."""
    answer = present(results)
    return {
        "no_match": answer["no_match"],
        "note": note,
        "next_cursor": answer["next_cursor"],
        "hits": [_found(hit) for hit in answer["hits"]],
    }


def tell_known(image: StoredImage, captions: Iterable[StoredCaption], note: str | None) -> KnownImage:
    """Return what is known of an image: of each kind the first caption that may serve, which is the one that does."""
    serving: dict[str, StoredCaption] = {}
    for caption in captions:
        if caption.quarantine is None:
            serving.setdefault(caption.kind, caption)
    return {
        "image_id": image.image_id,
        "sha256": image.sha256.hex(),
        "origin": image.origin,
        "format": image.format,
        "width": image.width,
        "height": image.height,
        "size_bytes": image.size_bytes,
        "taken_at": image.taken_at.isoformat() if image.taken_at else None,
        "added_at": image.added_at.isoformat(),
        "locations": image.relative_paths,
        "captions": [_serving(caption) for caption in serving.values()],
        "note": note,
    }


def tell_explained(explained: ExplainedHit) -> ExplainedImage:
    """Return why an image is, or is not, shown."""
    return {
        "shown": explained.is_shown,
        "rank": explained.rank,
        "reason": explained.reason,
        "hit": None if explained.hit is None else _found(present_hit(explained.hit)),
    }


def _found(hit: HitAnswer) -> FoundImage:
    why = hit["why"]
    return {
        "image_id": hit["image_id"],
        "score": hit["score"],
        "band": hit["band"],
        "caption": hit["caption"],
        "location": hit["location"],
        "origin": hit["origin"],
        "instruction": hit["instruction"],
        "why": {
            "similarity": why["similarity"],
            "matched_terms": why["matched_terms"],
            "exact": why["exact"],
            "corrected": why["corrected"],
        },
    }


def _serving(caption: StoredCaption) -> ServingCaption:
    return {
        "kind": caption.kind,
        "by": name_captioner(caption.captioner, caption.model),
        "sentences": caption.sentences,
        "keywords": caption.keywords,
        "visible_text": caption.visible_text,
        "uncertain": caption.uncertain,
        "fields": caption.fields,
    }
