"""What every editor is: something that turns pictures and an instruction into new images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from indexer.models import ApiFormat, SentPicture, Usage

Parameters = Mapping[str, str | int]
TIMEOUT_S = 300.0  # high quality takes minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One turn of a conversation that is over: what was sent, and what came back.

    `reply` is the endpoint's own account of it, as `EditAnswer.reply` gave it; its images are `images`.
    """

    instruction: str
    pictures: tuple[SentPicture, ...] = ()
    reply: Mapping[str, Any] | None = None
    images: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EditCall:
    """One call of an editor: the first picture is the one to be edited, the others are references.

    Without an instruction a variation is asked for. `mask` has the first picture's size; where it is transparent, the
    picture is to be edited. `history` are the turns before this one, oldest first, for editors that converse: then
    `pictures` are those that are new in this turn.
    """

    instruction: str
    pictures: tuple[SentPicture, ...]
    mask: SentPicture | None = None
    parameters: Parameters = field(default_factory=dict)
    history: tuple[Exchange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EditAnswer:
    """What an editor returned: the bytes of its images as they came, none where it made none and `said` why.

    `reply` is JSON to be given back in the next turn, without the images; `pause_s` is how long the endpoint wants no
    other request, in seconds.
    """

    images: tuple[bytes, ...]
    said: str = ""
    usage: Usage = field(default_factory=Usage)
    reply: Mapping[str, Any] | None = None
    pause_s: float = 0.0


class Editor(Protocol):
    """Edits images; safe to call from many threads."""

    @property
    def api_format(self) -> ApiFormat:
        """The protocol that its endpoint speaks."""

    @property
    def model(self) -> str:
        """The model asked for, which is the model sent."""

    @property
    def converses(self) -> bool:
        """Whether the turns of a request are one conversation; else each edits the result of the one before."""

    @property
    def has_price(self) -> bool:
        """Whether what its calls cost is known."""

    def name_parameters(self, parameters: Parameters) -> Parameters:
        """Return parameters under the names that the endpoint has for them."""

    def find_fault(self, *, images: int, turns: Sequence[str], has_mask: bool, parameters: Parameters) -> str | None:
        """Return why this editor cannot do a request, as a clause; None where it can. Nothing is sent.

        `images` is how many pictures it has, `turns` are its instructions, none for a variation.
        """

    def most_cost_usd(self, parameters: Parameters, *, pictures: int = 1, characters: int = 1000) -> float | None:
        """Return the most that one call with so many pictures and characters can cost; None where it is not known."""

    def edit(self, call: EditCall) -> EditAnswer:
        """Make new images.

        Raises ModelRefusedError, ModelUnavailableError or ModelUnusableError.
        """
