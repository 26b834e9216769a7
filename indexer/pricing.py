"""What tokens cost, where the price of a model is known."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import regex

from indexer.errors import SettingsError

_SHIPPED = Path(__file__).parent / "pricing.toml"
BATCH_SHARE = 0.5  # of the price, as OpenAI publishes it for the Batch API
_SNAPSHOT = regex.compile(r"-\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True, slots=True)
class Prices:
    """USD per million tokens, (input, output), by model name."""

    usd_per_million: Mapping[str, tuple[float, float]]

    def cost_usd(self, model: str, input_tokens: int | None, output_tokens: int | None) -> float | None:
        """Return what a request cost in USD; None where the price or the tokens are not known."""
        price = self.usd_per_million.get(model) or self.usd_per_million.get(_SNAPSHOT.sub("", model))
        if price is None or input_tokens is None or output_tokens is None:
            return None
        return (input_tokens * price[0] + output_tokens * price[1]) / 1_000_000


def load_prices(folder: Path) -> Prices:
    """Return the shipped prices, overridden by `pricing.toml` in `folder`; raises SettingsError if that is broken."""
    prices = _read(_SHIPPED)
    own = folder / "pricing.toml"
    return Prices(prices | _read(own) if own.is_file() else prices)


def _read(path: Path) -> dict[str, tuple[float, float]]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))["usd_per_million"]
        return {model: (float(price[0]), float(price[1])) for model, price in table.items()}
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as exc:
        raise SettingsError(
            f'{path} is no price list: it needs [usd_per_million] with "model" = [input, output].'
        ) from exc
