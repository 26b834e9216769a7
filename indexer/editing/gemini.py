"""Edits by Google's Gemini models, or any endpoint that speaks their protocol."""

from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from google import genai
from google.genai import types

from indexer.editing.editor import EditAnswer, EditCall, Exchange, Parameters
from indexer.editing.gemini_answers import GeminiAnswer, read_gemini
from indexer.editing.gemini_client import translated_errors
from indexer.editing.gemini_models import DEFAULT_SIZE, SIZE, find_fault, name_parameters
from indexer.errors import ModelRefusedError
from indexer.http_answers import pause_s
from indexer.imaging.sending import media_type_of
from indexer.models import ApiFormat, SentPicture, Usage
from indexer.pricing import Prices


class GeminiEditor:
    """One model behind one endpoint."""

    api_format: ApiFormat = "gemini"
    converses = True

    def __init__(self, client: genai.Client, *, model: str, prices: Prices) -> None:
        self.model = model
        self._client = client
        self._price = prices.of_editor(model)

    @property
    def has_price(self) -> bool:
        """Whether what its tokens cost is known."""
        return self._price is not None

    def name_parameters(self, parameters: Parameters) -> Parameters:
        """Call a size what Gemini calls it; see `Editor`."""
        return name_parameters(parameters)

    def find_fault(self, *, images: int, turns: Sequence[str], has_mask: bool, parameters: Parameters) -> str | None:
        """Return why the model cannot do a request; see `Editor`."""
        return find_fault(self.model, images=images, turns=turns, has_mask=has_mask, parameters=parameters)

    def most_cost_usd(self, parameters: Parameters, *, pictures: int = 1, characters: int = 1000) -> float | None:
        """Return the most that one call with so many pictures and characters can cost; None where it is not known."""
        if self._price is None:
            return None
        size = str(parameters.get(SIZE, DEFAULT_SIZE))
        return self._price.most_cost_usd(size, count=1, pictures=pictures, characters=characters)

    def edit(self, call: EditCall) -> EditAnswer:
        """Make a turn of a conversation; see `Editor`."""
        with translated_errors():
            sent = self._client.models.generate_content(
                model=self.model, contents=_contents(call), config=_config(call.parameters)
            ).sdk_http_response
            answer = read_gemini((sent and sent.body) or "")
            images = answer.images()
        usage = self._usage(answer)
        if answer.refusal is not None and not images:
            raise ModelRefusedError(answer.refusal, usage=usage)
        headers = (sent and sent.headers) or {}
        return EditAnswer(
            images=images,
            said=answer.text if images else answer.why_no_image,
            usage=usage,
            reply=answer.reply(),
            pause_s=pause_s(headers),
        )

    def _usage(self, answer: GeminiAnswer) -> Usage:
        tokens = answer.tokens()
        if tokens is None:
            return Usage()
        return Usage(
            input_tokens=tokens.text_in + tokens.image_in,
            output_tokens=tokens.text_out + tokens.image_out,
            cost_usd=None if self._price is None else self._price.cost_usd(tokens),
        )


def _config(parameters: Parameters) -> types.GenerateContentConfig:
    """Return how to generate: one request a call, its answer as it came."""
    wanted = types.ImageConfig.model_validate(dict(parameters))
    return types.GenerateContentConfig(
        response_modalities=["TEXT", "IMAGE"],
        image_config=wanted if parameters else None,
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        automatic_continuation=False,
        should_return_http_response=True,
    )


def _contents(call: EditCall) -> list[types.Content]:
    """Return the turns in their order, the model's as it said them.

    Where a reply is not known, its signatures are not either, without which the model's own images are refused: what
    came before is left out, and the images are shown as pictures of the next turn.
    """
    contents: list[types.Content] = []
    shown: list[types.Part] = []
    for exchange in call.history:
        if exchange.reply is None:
            contents, shown = [], [_inline(data, media_type_of(data) or "") for data in exchange.images]
        else:
            answered = types.Content(role="model", parts=list(_answered(exchange, exchange.reply)))
            contents += [_asked(exchange.instruction, exchange.pictures, shown), answered]
            shown = []
    return [*contents, _asked(call.instruction, call.pictures, shown)]


def _asked(instruction: str, pictures: Sequence[SentPicture], shown: Sequence[types.Part]) -> types.Content:
    parts = [_inline(picture.data, picture.media_type) for picture in pictures]
    return types.Content(role="user", parts=[*shown, *parts, types.Part(text=instruction)])


def _answered(exchange: Exchange, reply: Mapping[str, Any]) -> Iterator[types.Part]:
    """Yield what the model said, with its signatures."""
    for said in reply["parts"]:
        signature = said.get("thought_signature")
        signed = b64decode(signature) if signature else None
        if "image" in said:
            data = exchange.images[said["image"]]
            yield _inline(data, media_type_of(data) or said.get("media_type", ""), signed)
        else:
            yield types.Part(text=said["text"], thought_signature=signed)


def _inline(data: bytes, media_type: str, signature: bytes | None = None) -> types.Part:
    return types.Part(inline_data=types.Blob(data=data, mime_type=media_type), thought_signature=signature)
