from pathlib import Path

import pytest

from indexer.errors import SettingsError
from indexer.pricing import Prices, load_prices

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
    ],
)
def test_a_broken_price_list_is_an_error_that_shows_the_right_form(toml: str, tmp_path: Path) -> None:
    (tmp_path / "pricing.toml").write_text(toml)

    with pytest.raises(SettingsError, match=r"pricing\.toml is no price list: it needs \[usd_per_million\]"):
        load_prices(tmp_path)
