from typing import Any

import pytest

from indexer.editing.editor import Editor
from indexer.editing.gemini import GeminiEditor
from indexer.editing.gemini_client import build_client
from indexer.editing.gemini_models import find_fault
from indexer.pricing import Prices

PRO, FLASH = "gemini-3-pro-image-preview", "gemini-2.5-flash-image"


def fault(
    model: str = PRO,
    *,
    images: int = 1,
    turns: tuple[str, ...] = ("Make it blue.",),
    has_mask: bool = False,
    **parameters: Any,
) -> str | None:
    return find_fault(model, images=images, turns=turns, has_mask=has_mask, parameters=parameters)


def test_the_editor_is_an_editor() -> None:
    client = build_client(api_key=None, base_url="http://127.0.0.1:9", timeout_s=1)
    editor: Editor = GeminiEditor(client, model=PRO, prices=Prices({}))

    assert (editor.api_format, editor.model, editor.converses, editor.has_price) == ("gemini", PRO, True, False)
    assert editor.most_cost_usd({}) is None


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        (PRO, {"aspect_ratio": "21:9", "image_size": "4K"}),
        (FLASH, {"aspect_ratio": "4:5", "image_size": "1K"}),
        ("models/gemini-3.1-flash-image", {"aspect_ratio": "8:1", "image_size": "2K"}),
        ("gemini-4-image", {"aspect_ratio": "1:4"}),
    ],
)
def test_what_a_model_takes_is_no_fault(model: str, parameters: dict[str, Any]) -> None:
    assert fault(model, **parameters) is None


def test_many_images_and_turns_are_no_fault() -> None:
    assert fault(images=14, turns=("Make it blue.", "Now red.")) is None


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"images": 0}, "there is no image to be edited"),
        ({"images": 15}, f"{PRO} takes 14 images at a time, and 15 are given"),
        (
            {"has_mask": True},
            "gemini takes no mask: say in the instruction what is to be changed, or use a model of the openai format",
        ),
        ({"turns": ()}, "there is no instruction, and gemini makes no variations: say what is to be changed"),
        ({"turns": ("Make it blue.", " ")}, "there is no instruction"),
        ({"turns": ("x" * 250_001,)}, "the instruction has 250,001 characters, and gemini takes 250,000 at most"),
        ({"n": 2}, "gemini makes one image a call: leave n out, and ask again for another"),
        ({"size": "1024x1024"}, f"size is 1024x1024: {PRO} takes 1K, 2K, 4K"),
        ({"quality": "high"}, "gemini knows no parameter quality: it takes aspect_ratio and size"),
        ({"aspect_ratio": "7:5"}, f"aspect_ratio is 7:5: {PRO} takes 1:1, 2:3, 3:2"),
        ({"aspect_ratio": "1:8"}, "aspect_ratio is 1:8"),
        ({"image_size": "8K"}, f"size is 8K: {PRO} takes 1K, 2K, 4K"),
        ({"image_size": "2k"}, "size is 2k"),
        ({"model": FLASH, "image_size": "2K"}, f"size is 2K: {FLASH} takes 1K"),
    ],
)
def test_what_a_model_does_not_take_is_said_in_a_clause(asked: dict[str, Any], said: str) -> None:
    assert said in (fault(**asked) or "")
