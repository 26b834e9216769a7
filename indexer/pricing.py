"""What tokens and images cost, where the price of a model is known."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import regex

from indexer.errors import SettingsError

_SHIPPED = Path(__file__).parent / "pricing.toml"
BATCH_SHARE = 0.5  # of the price, as OpenAI publishes it for the Batch API
_SNAPSHOT = regex.compile(r"-\d{4}-\d{2}-\d{2}$")
_OTHER_SIZES = "other"
Price = TypeVar("Price")


@dataclass(frozen=True, slots=True, kw_only=True)
class EditTokens:
    """The tokens of one edit: what went in and came out, by what it was; thinking is text."""

    text_in: int = 0
    image_in: int = 0
    text_out: int = 0
    image_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EditPrice:
    """USD per million tokens of an editor, and the most tokens that a picture takes; or USD per image by size.

    What comes out takes tokens by size, `other` for those not named; none are known where that is empty.
    """

    text_in: float = 0.0
    image_in: float = 0.0
    text_out: float = 0.0
    image_out: float = 0.0
    most_image_in: int = 0
    most_text_out: int = 0
    most_image_out: Mapping[str, float] = field(default_factory=dict)
    usd_per_image: Mapping[str, float] = field(default_factory=dict)

    def cost_usd(self, tokens: EditTokens) -> float:
        """Return what tokens cost in USD."""
        usd_in = tokens.text_in * self.text_in + tokens.image_in * self.image_in
        return (usd_in + tokens.text_out * self.text_out + tokens.image_out * self.image_out) / 1_000_000

    def most_cost_usd(self, size: str, *, count: int, pictures: int, characters: int) -> float | None:
        """Return the most that one call can cost that makes `count` images; None where that is not known.

        No text has more tokens than characters.
        """
        if self.usd_per_image:
            return self.image_cost_usd(size, count)
        most = self.most_image_out.get(size, self.most_image_out.get(_OTHER_SIZES))
        if most is None:
            return None
        return self.cost_usd(
            EditTokens(
                text_in=characters,
                image_in=pictures * self.most_image_in,
                text_out=self.most_text_out,
                image_out=int(most) * count,
            )
        )

    def image_cost_usd(self, size: str, count: int) -> float | None:
        """Return what so many images of a size cost in USD, where they are paid by the piece."""
        price = self.usd_per_image.get(size, self.usd_per_image.get(_OTHER_SIZES))
        return None if price is None else price * count


@dataclass(frozen=True, slots=True)
class Prices:
    """USD per million tokens, (input, output), by model name; and the prices of editors."""

    usd_per_million: Mapping[str, tuple[float, float]]
    editors: Mapping[str, EditPrice] = field(default_factory=dict)

    def cost_usd(self, model: str, input_tokens: int | None, output_tokens: int | None) -> float | None:
        """Return what a request cost in USD; None where the price or the tokens are not known."""
        price = _look_up(self.usd_per_million, model)
        if price is None or input_tokens is None or output_tokens is None:
            return None
        return (input_tokens * price[0] + output_tokens * price[1]) / 1_000_000

    def of_editor(self, model: str) -> EditPrice | None:
        """Return the price of an editor, None where it is not known."""
        return _look_up(self.editors, model)


def load_prices(folder: Path) -> Prices:
    """Return the shipped prices, overridden by `pricing.toml` in `folder`; raises SettingsError if that is broken."""
    prices, own = _read(_SHIPPED), folder / "pricing.toml"
    if not own.is_file():
        return prices
    over = _read(own)
    return Prices({**prices.usd_per_million, **over.usd_per_million}, {**prices.editors, **over.editors})


def _look_up(prices: Mapping[str, Price], model: str) -> Price | None:
    return prices.get(model) or prices.get(_SNAPSHOT.sub("", model))


def _read(path: Path) -> Prices:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        if not tables.keys() & {"usd_per_million", "editors"}:
            raise KeyError("usd_per_million")
        return Prices(
            {model: (float(price[0]), float(price[1])) for model, price in tables.get("usd_per_million", {}).items()},
            {model: _read_editor(price) for model, price in tables.get("editors", {}).items()},
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as exc:
        raise SettingsError(
            f'{path} is no price list: it needs [usd_per_million] with "model" = [input, output], or [editors."model"] '
            "with text_in, image_in, text_out and image_out, or with usd_per_image."
        ) from exc


def _read_editor(written: dict[str, Any]) -> EditPrice:
    """Read one editor's prices; a single figure where sizes may stand is for all sizes."""
    by_size = {name: _by_size(written[name]) for name in ("most_image_out", "usd_per_image") if name in written}
    figures = {name: float(value) for name, value in written.items() if name not in by_size}
    return EditPrice(**(figures | by_size))  # type: ignore[arg-type]  # an unknown name is the TypeError told above


def _by_size(written: dict[str, Any] | float) -> dict[str, float]:
    sizes = written if isinstance(written, dict) else {_OTHER_SIZES: written}
    return {size: float(value) for size, value in sizes.items()}
