from pathlib import Path

import pytest

from indexer.errors import SettingsError
from indexer.pricing import EditPrice, EditTokens, Prices, load_prices

PRICES = Prices({"small": (0.15, 0.60), "large": (2.50, 10.00), "large-2020-01-01": (5.00, 20.00)})


@pytest.mark.parametrize(
    ("model", "cost_usd"),
    [
        ("small", 0.15 + 0.06),
        ("large", 2.50 + 1.00),
        ("small-2024-07-18", 0.15 + 0.06),
        ("large-2020-01-01", 5.00 + 2.00),
    ],
)
def test_a_request_costs_what_its_tokens_cost(model: str, cost_usd: float) -> None:
    assert PRICES.cost_usd(model, 1_000_000, 100_000) == pytest.approx(cost_usd)


@pytest.mark.parametrize("model", ["other", "small-latest", "small-20240718", "2024-07-18", ""])
def test_a_model_that_is_not_listed_has_no_cost(model: str) -> None:
    assert PRICES.cost_usd(model, 1000, 100) is None


@pytest.mark.parametrize(("input_tokens", "output_tokens"), [(None, 100), (1000, None), (None, None)])
def test_tokens_that_nobody_counted_have_no_cost(input_tokens: int | None, output_tokens: int | None) -> None:
    assert PRICES.cost_usd("small", input_tokens, output_tokens) is None


def test_no_tokens_cost_nothing() -> None:
    assert PRICES.cost_usd("small", 0, 0) == 0.0


def test_the_default_model_has_a_shipped_price(tmp_path: Path) -> None:
    assert load_prices(tmp_path).cost_usd("gpt-4o-mini", 1_000_000, 0) == pytest.approx(0.15)


def test_prices_of_the_users_come_over_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "pricing.toml").write_text('[usd_per_million]\n"gpt-4o-mini" = [1, 2]\n"mine" = [3.5, 4]\n')

    prices = load_prices(tmp_path)

    assert prices.usd_per_million["gpt-4o-mini"] == (1.0, 2.0)
    assert prices.usd_per_million["mine"] == (3.5, 4.0)
    assert "gpt-4o" in prices.usd_per_million


@pytest.mark.parametrize(
    "toml",
    [
        "",
        "not toml",
        "usd_per_million = 3",
        '[usd_per_million]\n"mine" = 3',
        '[usd_per_million]\n"mine" = [3]',
        '[usd_per_million]\n"mine" = ["a", "b"]',
        "editors = 3",
        '[editors]\n"mine" = 3',
        '[editors."mine"]\nimage_out = "dear"',
        '[editors."mine"]\nimages_out = 3',
        '[editors."mine"]\nusd_per_image = "dear"',
    ],
)
def test_a_broken_price_list_is_an_error_that_shows_the_right_form(toml: str, tmp_path: Path) -> None:
    (tmp_path / "pricing.toml").write_text(toml)

    with pytest.raises(SettingsError, match=r"pricing\.toml is no price list: it needs \[usd_per_million\]"):
        load_prices(tmp_path)


def test_an_edit_costs_what_each_of_its_tokens_costs() -> None:
    price = EditPrice(text_in=5, image_in=10, text_out=20, image_out=40)
    tokens = EditTokens(text_in=100, image_in=200, text_out=300, image_out=400)

    assert price.cost_usd(tokens) == pytest.approx((500 + 2000 + 6000 + 16000) / 1e6)


@pytest.mark.parametrize(("size", "cost_usd"), [("small", 0.2), ("large", 0.4), ("unheard-of", 0.8)])
def test_the_most_that_an_edit_costs_is_that_of_its_size(size: str, cost_usd: float) -> None:
    price = EditPrice(image_out=100, most_image_out={"small": 1000, "large": 2000, "other": 4000})

    assert price.most_cost_usd(size, count=2, pictures=1, characters=10) == pytest.approx(cost_usd)


def test_the_most_that_an_edit_costs_counts_all_that_goes_in() -> None:
    price = EditPrice(
        text_in=1, image_in=10, text_out=5, most_image_in=500, most_text_out=40, most_image_out={"other": 0}
    )

    most_usd = price.most_cost_usd("any", count=1, pictures=3, characters=7)

    assert most_usd == pytest.approx((7 + 3 * 500 * 10 + 40 * 5) / 1e6)


def test_without_a_most_none_is_said() -> None:
    assert EditPrice(image_out=100).most_cost_usd("any", count=1, pictures=1, characters=1) is None


def test_images_by_the_piece_cost_what_a_piece_costs(tmp_path: Path) -> None:
    price = load_prices(tmp_path).of_editor("dall-e-2")

    assert price is not None
    assert price.most_cost_usd("512x512", count=3, pictures=1, characters=1000) == pytest.approx(0.054)


@pytest.mark.parametrize(
    "model",
    [
        "gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "gpt-image-2", "gpt-image-2-2026-04-21",
        "gpt-image-2.5-flare-2026-09-08", "gpt-image-2.5-sunburst", "dall-e-2", "gemini-2.5-flash-image",
        "gemini-3-pro-image-preview", "gemini-3.1-flash-image-preview",
    ],
)  # fmt: skip
def test_editors_have_shipped_prices(model: str, tmp_path: Path) -> None:
    assert load_prices(tmp_path).of_editor(model) is not None


def test_an_editor_that_is_not_listed_has_no_price(tmp_path: Path) -> None:
    assert load_prices(tmp_path).of_editor("flux") is None


def test_prices_of_the_users_editors_come_over_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "pricing.toml").write_text('[editors."gpt-image-1"]\nimage_out = 1\n')

    prices = load_prices(tmp_path)

    assert prices.of_editor("gpt-image-1") == EditPrice(image_out=1)
    assert prices.of_editor("gpt-image-1.5") is not None
    assert "gpt-4o" in prices.usd_per_million


def test_one_price_may_be_that_of_every_size(tmp_path: Path) -> None:
    (tmp_path / "pricing.toml").write_text('[editors."mine"]\nusd_per_image = 0.25\n')

    price = load_prices(tmp_path).of_editor("mine")

    assert price is not None
    assert price.image_cost_usd("640x480", 2) == pytest.approx(0.5)
