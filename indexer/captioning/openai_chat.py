"""Captions by any OpenAI-compatible endpoint: chat completions with an image part."""

import threading
from collections.abc import Sequence
from dataclasses import replace

import openai

from indexer.captioning.chat_requests import Dialect
from indexer.captioning.completions import read_completion
from indexer.captioning.estimating import Estimate, estimate_tokens
from indexer.captioning.replies import combined_text, parse_reply
from indexer.http_answers import pause_s
from indexer.models import MODEL_RANK, Answer, Prompt, Subject, Usage
from indexer.openai_client import translated_errors
from indexer.pricing import Prices


class OpenAICaptioner:
    """One model behind one endpoint; what the endpoint understands is found once and remembered."""

    name = "openai"
    rank = MODEL_RANK
    kinds = None
    is_paid = True
    takes_questions = True

    def __init__(
        self, client: openai.OpenAI, *, model: str, max_edge: int, prices: Prices, languages: Sequence[str] = ("en",)
    ) -> None:
        self.model = model
        self.max_edge = max_edge
        self.client = client
        self.dialect = Dialect()
        self._prices = prices
        self._languages = languages
        self._learning = threading.Lock()

    def estimate(self, sizes: Sequence[tuple[int, int]], prompts: Sequence[Prompt], question: str = "") -> Estimate:
        """Return what images of these sizes, the prompts and a reply take; the most is the longest reply, twice."""
        tokens = estimate_tokens(self.model, sizes, prompts, combined_text(prompts) + question)
        longest = sum(prompt.max_tokens for prompt in prompts)
        most_usd = self._prices.cost_usd(self.model, tokens[0], longest)
        return Estimate(
            input_tokens=tokens[0],
            output_tokens=tokens[1],
            cost_usd=self._prices.cost_usd(self.model, *tokens),
            most_cost_usd=None if most_usd is None else 2 * most_usd,
        )

    @property
    def has_price(self) -> bool:
        """Whether what its tokens cost is known."""
        return self._prices.cost_usd(self.model, 1, 1) is not None

    def caption(self, subject: Subject, prompts: Sequence[Prompt], *, complaint: str | None = None) -> Answer:
        """Ask for all prompts in one request; see `Captioner`."""
        while True:
            dialect = self.dialect
            with translated_errors():
                body = dialect.body(self.model, subject, prompts, complaint)
                try:
                    sent = self.client.chat.completions.with_raw_response.create(**body)
                except (openai.BadRequestError, openai.UnprocessableEntityError) as exc:
                    if self.learn(dialect, f"{getattr(exc, 'param', None)} {exc.message}"):
                        continue
                    raise
                answer = self.read_answer(sent.text, prompts, dialect=dialect)
                return replace(answer, pause_s=pause_s(sent.headers))

    def learn(self, tried: Dialect, said: str) -> bool:
        """Take a simpler dialect where the endpoint refused one with these words; False for other refusals."""
        simpler = tried.simpler(said)
        with self._learning:
            if simpler is not None and self.dialect == tried:
                self.dialect = simpler
        return simpler is not None

    def read_answer(
        self, body: str, prompts: Sequence[Prompt], *, dialect: Dialect, price_share: float = 1.0
    ) -> Answer:
        """Return the captions in a completion's body; `price_share` of the price is paid.

        Raises ModelUnavailableError or ModelUnusableError for a body that is no completion.
        """
        completion = read_completion(body)
        captions = parse_reply(
            completion.text,
            prompts,
            cut_off=completion.finish_reason == "length",
            languages=self._languages,
            is_plain=dialect.takes_plain,
        )
        tokens = completion.usage.prompt_tokens, completion.usage.completion_tokens
        cost_usd = self._prices.cost_usd(self.model, *tokens)
        return Answer(
            captions=captions,
            usage=Usage(
                input_tokens=tokens[0],
                output_tokens=tokens[1],
                cost_usd=None if cost_usd is None else cost_usd * price_share,
            ),
        )

    def check(self) -> str:
        """Say whether the endpoint answers and knows the model; costs nothing."""
        with translated_errors():
            listed = {model.id for model in self.client.models.list()}
        known = "knows" if self.model in listed else "answers, but does not list"
        return f"{self.client.base_url} {known} {self.model}"
