import pytest

from indexer.captioning.estimating import image_tokens


@pytest.mark.parametrize(
    ("model", "width", "height", "tokens"),
    [
        ("gpt-4o-mini", 1024, 768, 25501),  # RESEARCH 2
        ("gpt-4o-mini", 512, 384, 8500),
        ("gpt-4o-mini-2024-07-18", 512, 384, 8500),
        ("gpt-4o", 1024, 1024, 765),
        ("gpt-4o", 2048, 4096, 1105),
        ("gpt-4.1-mini", 1024, 1024, 1659),
        ("qwen2.5-vl", 768, 576, 2000),
    ],
)
def test_an_image_has_the_tokens_of_its_familys_rule(model: str, width: int, height: int, tokens: int) -> None:
    assert image_tokens(model, width, height) == tokens


def test_low_detail_costs_the_base_alone() -> None:
    assert image_tokens("gpt-4o-mini", 1024, 768, is_low=True) == 2833
