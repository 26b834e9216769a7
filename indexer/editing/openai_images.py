"""Edits by any endpoint that speaks OpenAI's images API."""

from collections.abc import Sequence
from typing import Any

import openai

from indexer.editing.editor import EditAnswer, EditCall, Parameters
from indexer.editing.openai_answers import read_images
from indexer.editing.openai_models import count_of, find_fault, rules_of
from indexer.http_answers import pause_s
from indexer.imaging.squaring import make_square
from indexer.models import ApiFormat, SentPicture
from indexer.openai_client import translated_errors
from indexer.pricing import Prices

_TOO_DEAR_TO_SAY = ("xhigh", "max")  # what an image of these qualities can take is not published
_DEFAULT_SQUARE = "1024x1024"


class OpenAIEditor:
    """One model behind one endpoint."""

    api_format: ApiFormat = "openai"
    converses = False

    def __init__(self, client: openai.OpenAI, *, model: str, prices: Prices) -> None:
        self.model = model
        self._client = client
        self._rules = rules_of(model)
        self._price = prices.of_editor(model)

    @property
    def has_price(self) -> bool:
        """Whether what its images or their tokens cost is known."""
        return self._price is not None

    def name_parameters(self, parameters: Parameters) -> Parameters:
        """Return the parameters as they are; see `Editor`."""
        return parameters

    def find_fault(self, *, images: int, turns: Sequence[str], has_mask: bool, parameters: Parameters) -> str | None:
        """Return why the model cannot do a request; see `Editor`."""
        return find_fault(self.model, images=images, turns=turns, has_mask=has_mask, parameters=parameters)

    def most_cost_usd(self, parameters: Parameters, *, pictures: int = 1, characters: int = 1000) -> float | None:
        """Return the most that one call with so many pictures and characters can cost; None where it is not known."""
        if self._price is None or parameters.get("quality") in _TOO_DEAR_TO_SAY:
            return None
        return self._price.most_cost_usd(
            self._size(parameters), count=count_of(parameters), pictures=pictures, characters=characters
        )

    def edit(self, call: EditCall) -> EditAnswer:
        """Edit the pictures, or vary the one that comes without an instruction; see `Editor`."""
        fields = self._fields(call)
        with translated_errors():
            images = self._client.images.with_raw_response
            sent = images.edit(**fields) if "prompt" in fields else images.create_variation(**fields)
            answer = read_images(sent.text)
            made = answer.images()
        return EditAnswer(
            images=made,
            said="" if made else "no image in the answer",
            usage=answer.to_usage(self._price, self._size(call.parameters)),
            pause_s=pause_s(sent.headers),
        )

    def _size(self, parameters: Parameters) -> str:
        return str(parameters.get("size", _DEFAULT_SQUARE if self._rules.makes_variations else "auto"))

    def _fields(self, call: EditCall) -> dict[str, Any]:
        """Return the arguments of the client's call."""
        pictures, mask = call.pictures, call.mask
        if self._rules.makes_variations:
            picture, mask = make_square(pictures[0], mask, opens=bool(call.instruction.strip()))
            pictures = (picture,)
        files = [_file(f"image-{number}", picture) for number, picture in enumerate(pictures, start=1)]
        fields: dict[str, Any] = {"model": self.model, "image": files[0] if len(files) == 1 else files}
        if call.instruction.strip():
            fields["prompt"] = call.instruction
        if mask is not None:
            fields["mask"] = _file("mask", mask)
        return fields | self._settings(call.parameters)

    def _settings(self, parameters: Parameters) -> dict[str, Any]:
        settings: dict[str, Any] = {"size": _DEFAULT_SQUARE} if self._rules.makes_variations else {}
        if self._rules.takes_response_format:
            settings["response_format"] = "b64_json"
        return settings | dict(parameters)


def _file(name: str, picture: SentPicture) -> tuple[str, bytes, str]:
    return f"{name}.{picture.media_type.removeprefix('image/')}", picture.data, picture.media_type
