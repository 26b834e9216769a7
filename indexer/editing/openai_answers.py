"""Read what an images endpoint answered: the bytes of the images and the tokens they took."""

from typing import Annotated

from pydantic import BaseModel, Field

from indexer.errors import AnswersUnusableError
from indexer.models import Usage
from indexer.openai_client import CHECK_ADDRESS
from indexer.pricing import EditPrice, EditTokens
from indexer.reply_fields import OBJECTS_ONLY, OR_EMPTY, Text, Tokens, read_base64, read_reply

_DATA_URL = "data:"


class _Image(BaseModel):
    b64_json: Text = ""
    url: Text = ""

    @property
    def encoded(self) -> str:
        """Return its base64, also where it comes as a data URL."""
        return (self.b64_json or (self.url if self.url.startswith(_DATA_URL) else "")).rpartition(",")[2]


class _Details(BaseModel):
    text_tokens: Tokens = None
    image_tokens: Tokens = None


class _Usage(BaseModel):
    input_tokens: Tokens = None
    output_tokens: Tokens = None
    input_tokens_details: Annotated[_Details, OR_EMPTY] = Field(default_factory=_Details)
    output_tokens_details: Annotated[_Details, OR_EMPTY] = Field(default_factory=_Details)


class ImagesAnswer(BaseModel):
    """The parts of an answer that matter here."""

    data: Annotated[list[_Image], OBJECTS_ONLY] = Field(default_factory=list)
    usage: Annotated[_Usage, OR_EMPTY] = Field(default_factory=_Usage)

    def images(self) -> tuple[bytes, ...]:
        """Return the images' own bytes.

        Raises AnswersUnusableError where only their addresses came: nothing is asked of any other address.
        """
        encoded = [image.encoded for image in self.data]
        if not any(encoded) and any(image.url for image in self.data):
            raise AnswersUnusableError(
                "The endpoint answers with addresses of images, which are not fetched: have it return b64_json."
            )
        return tuple(read_base64(text) for text in encoded if text)

    def tokens(self) -> EditTokens | None:
        """Return the tokens that were counted, of unknown kind as those of images; None where none were."""
        taken, made = self.usage.input_tokens, self.usage.output_tokens
        if taken is None or made is None:
            return None
        text_in = min(taken, self.usage.input_tokens_details.text_tokens or 0)
        text_out = min(made, self.usage.output_tokens_details.text_tokens or 0)
        return EditTokens(text_in=text_in, image_in=taken - text_in, text_out=text_out, image_out=made - text_out)

    def to_usage(self, price: EditPrice | None, size: str) -> Usage:
        """Return what the answer cost: by its tokens, or by the piece where its model is paid so."""
        tokens, cost_usd = self.tokens(), None
        if price is not None and price.usd_per_image:
            cost_usd = price.image_cost_usd(size, len(self.data))
        elif price is not None and tokens is not None:
            cost_usd = price.cost_usd(tokens)
        return Usage(input_tokens=self.usage.input_tokens, output_tokens=self.usage.output_tokens, cost_usd=cost_usd)


def read_images(body: str) -> ImagesAnswer:
    """Return the answer in a response's body; raises ModelUnusableError or ModelUnavailableError where it is none."""
    return read_reply(ImagesAnswer, body, none="an answer that has no list of images", check=CHECK_ADDRESS)
