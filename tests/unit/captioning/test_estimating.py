import pytest

from indexer.captioning.estimating import fit_picture, image_tokens


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


@pytest.mark.parametrize(
    ("model", "size", "max_edge", "longest"),
    [
        ("gpt-4o-mini", (4000, 3000), 768, 682),  # 682 x 512: two tiles instead of four
        ("gpt-4o-mini", (3000, 4000), 768, 682),
        ("gpt-4o-mini", (6000, 4000), 768, 768),  # 768 x 512 fills two tiles as it is
        ("gpt-4o-mini", (1000, 1000), 768, 512),
        ("gpt-4o-mini", (4000, 3000), 2048, 1024),  # the model would scale it to 1024 x 768 itself
        ("gpt-4o-mini", (300, 200), 768, 300),
        ("gpt-4.1-mini", (1000, 1000), 1024, 992),  # 31 x 31 patches instead of 32 x 32
        ("gpt-4.1-mini", (4000, 3000), 4000, 1408),
        ("qwen2.5-vl", (4000, 3000), 768, 768),
    ],
)
def test_a_picture_fits_the_grid_of_its_model(model: str, size: tuple[int, int], max_edge: int, longest: int) -> None:
    assert fit_picture(model, *size, max_edge) == longest


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5-nano"])
@pytest.mark.parametrize("size", [(1, 1), (1, 20_000), (20_000, 3), (511, 513), (769, 767)])
def test_fitting_never_enlarges_and_never_costs_more(model: str, size: tuple[int, int]) -> None:
    longest = fit_picture(model, *size, 768)
    scale, before = longest / max(size), min(768, max(size)) / max(size)

    assert 0.66 * min(768, max(size)) <= longest <= min(768, max(size))
    assert tokens_at(model, size, scale) <= tokens_at(model, size, before)


def tokens_at(model: str, size: tuple[int, int], scale: float) -> int:
    return image_tokens(model, *(max(1, round(side * scale)) for side in size))
