from pathlib import Path
from typing import Any

import openai
import pytest

from indexer.editing.editor import Editor
from indexer.editing.openai_images import OpenAIEditor
from indexer.editing.openai_models import find_fault
from indexer.pricing import Prices, load_prices


def fault(
    model: str = "gpt-image-1",
    *,
    images: int = 1,
    turns: tuple[str, ...] = ("Make it blue.",),
    has_mask: bool = False,
    **parameters: Any,
) -> str | None:
    return find_fault(model, images=images, turns=turns, has_mask=has_mask, parameters=parameters)


def test_the_editor_is_an_editor() -> None:
    editor: Editor = OpenAIEditor(openai.OpenAI(api_key="sk"), model="gpt-image-1", prices=Prices({}))

    assert (editor.api_format, editor.model, editor.converses, editor.has_price) == (
        "openai",
        "gpt-image-1",
        False,
        False,
    )
    assert editor.most_cost_usd({}) is None


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        ("gpt-image-1", {"size": "auto", "quality": "high", "n": 10, "background": "transparent"}),
        ("gpt-image-1", {"output_format": "webp", "background": "transparent", "input_fidelity": "high"}),
        ("gpt-image-1-mini", {"input_fidelity": "low"}),
        ("gpt-image-2", {"size": "3840x2160"}),
        ("gpt-image-2-2026-04-21", {"size": "1536x864"}),
        ("gpt-image-2.5-sunburst", {"quality": "max", "size": "512x1536"}),
        ("gpt-image-2.6-flare", {"quality": "xhigh"}),
        ("openai/gpt-image-1", {"size": "1024x1024"}),
        ("chatgpt-image-latest", {"quality": "medium"}),
        ("dall-e-2", {"size": "256x256", "n": 1}),
        ("flux-kontext", {"size": "640x480", "quality": "hd", "n": 2}),
    ],
)
def test_what_a_model_takes_is_no_fault(model: str, parameters: dict[str, Any]) -> None:
    assert fault(model, **parameters) is None


def test_sixteen_images_and_a_mask_are_no_fault() -> None:
    assert fault(images=16, has_mask=True) is None


def test_a_variation_is_no_fault_for_the_model_that_makes_them() -> None:
    assert fault("dall-e-2", turns=(), n=10) is None


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"images": 0}, "there is no image to be edited"),
        ({"images": 17}, "gpt-image-1 takes 16 images at a time, and 17 are given"),
        ({"model": "dall-e-2", "images": 2}, "dall-e-2 takes 1 image at a time, and 2 are given"),
        (
            {"turns": ()},
            "there is no instruction, and gpt-image-1 makes no variations: say what is to be changed",
        ),
        ({"turns": ("  ",)}, "there is no instruction, and gpt-image-1 makes no variations: say what is to be changed"),
        ({"model": "flux", "turns": ()}, "there is no instruction, and flux makes no variations"),
        ({"turns": ("Make it blue.", "")}, "one of the turns has no instruction"),
        (
            {"model": "dall-e-2", "turns": (), "has_mask": True},
            "there is a mask and no instruction, and a variation by dall-e-2 takes no mask",
        ),
        ({"turns": ("x" * 32_001,)}, "the instruction has 32,001 characters, and gpt-image-1 takes 32,000 at most"),
        (
            {"model": "dall-e-2", "turns": ("x" * 1001,)},
            "the instruction has 1,001 characters, and dall-e-2 takes 1,000 at most",
        ),
        ({"n": 0}, "n is 0: it must be a whole number from 1 to 10"),
        ({"n": 11}, "n is 11: it must be a whole number from 1 to 10"),
        ({"n": "two"}, "n is two: it must be a whole number from 1 to 10"),
        ({"n": "²"}, "n is ²: it must be a whole number from 1 to 10"),
        ({"size": "800x600"}, "size is 800x600: gpt-image-1 takes auto, 1024x1024, 1536x1024, 1024x1536"),
        ({"model": "dall-e-2", "size": "1536x1024"}, "dall-e-2 takes 256x256, 512x512, 1024x1024"),
        ({"model": "dall-e-2", "quality": "high"}, "dall-e-2 knows no parameter quality: it takes n, size"),
        ({"seed": 7}, "gpt-image-1 knows no parameter seed: it takes n, size, quality, background"),
        ({"quality": "xhigh"}, "quality is xhigh: gpt-image-1 takes auto, low, medium, high"),
        ({"model": "gpt-image-2", "quality": "max"}, "quality is max: gpt-image-2 takes"),
        ({"model": "gpt-image-1-mini", "input_fidelity": "high"}, "input_fidelity is high: gpt-image-1-mini takes low"),
        ({"model": "gpt-image-2", "input_fidelity": "high"}, "gpt-image-2 knows no parameter input_fidelity"),
        ({"output_format": "gif"}, "output_format is gif: gpt-image-1 takes png, webp, jpeg"),
        ({"background": "transparent", "output_format": "jpeg"}, "a JPEG has no transparent background"),
        ({"model": "gpt-image-2", "size": "1000x1000"}, "size is 1000x1000: gpt-image-2 takes `auto` or WIDTHxHEIGHT"),
        ({"model": "gpt-image-2", "size": "1024x4096"}, "size is 1024x4096"),
        ({"model": "gpt-image-2", "size": "3840x3840"}, "size is 3840x3840"),
        ({"model": "gpt-image-2", "size": "0x0"}, "size is 0x0"),
        ({"model": "gpt-image-2", "size": "large"}, "size is large"),
        ({"model": "flux", "steps": 20}, "flux knows no parameter steps"),
    ],
)
def test_what_a_model_does_not_take_is_said_in_a_clause(asked: dict[str, Any], said: str) -> None:
    assert said in (fault(**asked) or "")


@pytest.mark.parametrize("quality", ["xhigh", "max"])
def test_where_no_most_is_published_none_is_said(quality: str, tmp_path: Path) -> None:
    editor = OpenAIEditor(openai.OpenAI(api_key="sk"), model="gpt-image-2.5-flare", prices=load_prices(tmp_path))

    assert editor.has_price
    assert editor.most_cost_usd({"quality": quality}) is None
    assert (editor.most_cost_usd({"quality": "high"}) or 0) > 0.2
