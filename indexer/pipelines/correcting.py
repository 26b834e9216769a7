"""Write or fix a caption by hand: it outranks every captioner, and can be taken back."""

from collections.abc import Sequence

from indexer.captioning.kinds import LONGEST_ALT_TEXT, TEXT_KINDS
from indexer.catalog.store import Store
from indexer.errors import CorrectionError, NotFoundError
from indexer.models import ImageId, clean_text

LONGEST_SENTENCE, MOST_SENTENCES = 5_000, 50


def correct(store: Store, image_id: ImageId, kind: str, texts: Sequence[str]) -> list[str]:
    """Keep these texts as the image's caption of a kind and return them as kept.

    Raises CorrectionError for a kind that is not made of text, and for texts that are none or too long; NotFoundError
    for an image that there is not.
    """
    store.images.get_image(image_id)
    if kind not in TEXT_KINDS:
        raise CorrectionError(
            f"No caption of kind {clean_text(kind)} is written by hand, but of: {', '.join(TEXT_KINDS)}."
        )
    sentences = [clean for text in texts if (clean := " ".join(clean_text(text).split()))]
    if not sentences:
        raise CorrectionError("A correction needs words.")
    if len(sentences) > MOST_SENTENCES:
        raise CorrectionError(f"A correction has {MOST_SENTENCES} sentences at the most, not {len(sentences)}.")
    longest, most = max(map(len, sentences)), LONGEST_ALT_TEXT if kind == "alt_text" else LONGEST_SENTENCE
    if longest > most or (kind == "alt_text" and len(sentences) > 1):
        raise CorrectionError(f"A caption of kind {kind} is {_limit(kind)} of at most {most} characters.")
    store.corrections.write_correction(image_id, kind, sentences)
    return sentences


def take_back(store: Store, image_id: ImageId, kind: str) -> None:
    """Take a person's caption back, so that a captioner's serves again; raises NotFoundError where there is none."""
    if not store.corrections.undo_correction(store.images.get_image(image_id).image_id, kind):
        raise NotFoundError(f"correction of kind {clean_text(kind)} of image", image_id)


def _limit(kind: str) -> str:
    return "one text" if kind == "alt_text" else "sentences"
