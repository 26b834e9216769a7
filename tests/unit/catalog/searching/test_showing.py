import pytest

from indexer.catalog.searching.cursors import Shown
from indexer.catalog.searching.showing import show
from indexer.catalog.store.hits import Details
from indexer.models import ImageId


def make_details(*instructions: str, matched: tuple[str, ...] = ()) -> Details:
    return Details(
        sentences=["A piano."],
        corrected=False,
        captioner=None,
        prompt_revision=None,
        origin="edit",
        width=1,
        height=1,
        location="3f0c/3f0c_1_0.png",
        instructions=list(instructions),
        matched_lexemes=list(matched),
    )


@pytest.mark.parametrize(
    ("matched", "shown"),
    [
        ((), "Add &lt;snow&gt;."),
        (("guitar", "piano"), "Change the <mark>guitar</mark> to a <mark>piano</mark>."),
        (("snow",), "Add &lt;<mark>snow</mark>&gt;."),
    ],
)
def test_of_several_turns_the_one_with_most_words_of_the_query_is_told(matched: tuple[str, ...], shown: str) -> None:
    details = make_details("Change the guitar to a piano.", "Add <snow>.", matched=matched)

    hit = show(Shown(image_id=ImageId(1), band="strong"), details)

    assert hit.why.instruction_highlight == shown


def test_an_edit_is_named_by_its_instruction_and_a_variation_by_its_place() -> None:
    place = Shown(image_id=ImageId(1), band="strong")

    edit, variation = show(place, make_details("Add snow.")), show(place, make_details())

    assert (edit.instruction, edit.name) == ("Add snow.", "edited: Add snow.")
    assert (variation.instruction, variation.name) == (None, "3f0c/3f0c_1_0.png")
    assert variation.why.instruction_highlight is None
