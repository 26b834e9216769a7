"""A catalogue of prompts, generations and captions in few words: what is said of an image, and what serves where."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import psycopg

from indexer.catalog.embedding import Embedder
from indexer.catalog.store import Store
from indexer.catalog.store.entries import Document, EntryWords, NewEntry
from indexer.models import GenerationId, ImageId, PromptId, RequestId, RunId, State
from tests.factories import make_answer, make_prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Short ways to say what happens; captions are by `openai`, model `m`, unless said otherwise."""

    store: Store
    run_id: RunId
    database: str

    def prompt(self, text: str, kind: str = "retrieval") -> PromptId:
        prompt_id = self.store.prompts.register_prompt(make_prompt(text, kind=kind)).id
        assert prompt_id is not None
        return prompt_id

    def generation(
        self, prompt_id: PromptId | None, state: State, *, captioner: str = "openai", embedder: Embedder | None = None
    ) -> GenerationId:
        return self.store.generations.add_generation(
            prompt_id=prompt_id,
            captioner=captioner,
            model="m" if captioner == "openai" else captioner,
            embedder=embedder.name if embedder else "x",
            dimensions=embedder.dimensions if embedder else 3,
            state=state,
        )

    def activate(self, generation_id: GenerationId) -> None:
        self.store.generations.mark_ready(generation_id)
        assert self.store.generations.activate(generation_id)

    def say(
        self,
        image_id: ImageId,
        sentence: str,
        prompt_id: PromptId | None = None,
        *,
        captioner: str = "openai",
        request_id: RequestId | None = None,
        renewal: bool = False,
        quarantine: str | None = None,
    ) -> bool:
        return self.store.captions.store_answer(
            image_id,
            make_answer(sentence, prompt_id=prompt_id, quarantine=quarantine),
            captioner=captioner,
            model="m" if captioner == "openai" else captioner,
            request_id=request_id,
            renewal=renewal,
        )

    def ask(
        self,
        image_id: ImageId,
        *prompt_ids: PromptId,
        model: str = "m",
        renew: bool = False,
        retry: bool = False,
        run_id: RunId | None = None,
    ) -> RequestId | None:
        return self.store.requests.claim_request(
            run_id or self.run_id,
            image_id,
            prompt_ids,
            captioner="openai",
            model=model,
            renew=renew,
            retry=retry,
        )

    def must_ask(self, image_id: ImageId, prompt_id: PromptId, *, renew: bool = False) -> RequestId:
        request_id = self.ask(image_id, prompt_id, renew=renew)
        assert request_id is not None
        return request_id

    def serving(self, generation_id: GenerationId, *, fallback: bool = True) -> dict[ImageId, str]:
        """Return the first sentence of what each entry is to be made of that a generation lacks."""
        found = self.find_documents(generation_id, fallback=fallback)
        return {document.image_id: document.sentences[0] for document in found}

    def entries(self, generation_id: GenerationId) -> dict[ImageId, str]:
        """Return the first sentence of every entry that a generation has."""
        with psycopg.connect(self.database) as connection:
            query = "SELECT image_id, sentences[1] FROM entry WHERE generation_id = %s"
            return dict(connection.execute(query, [generation_id]).fetchall())

    def write_entry(
        self, generation_id: GenerationId, image_id: ImageId, *, changes: int, vector: Sequence[float] = (1, 0, 0)
    ) -> None:
        """Write an entry as if it had been made when the image had changed so many times."""
        self.execute(
            "INSERT INTO entry (generation_id, image_id, changes, corrected, sentences, embedding,"
            " sentence_embeddings, lexemes)"
            " VALUES (%s, %s, %s, false, '{A cat.}', %s::text::halfvec, ARRAY[%s::text::halfvec], '')",
            generation_id,
            image_id,
            changes,
            str(list(vector)),
            str(list(vector)),
        )

    def find_documents(self, generation_id: GenerationId, *, fallback: bool = True) -> list[Document]:
        """Return what the entries that a generation lacks are to be made of."""
        return self.store.entries.find_documents(generation_id, limit=1000, fallback=fallback)

    def write_documents(self, generation_id: GenerationId, documents: Sequence[Document]) -> None:
        """Write what was found before, as a writer does that has embedded it."""
        words = EntryWords(captions="", keywords="", visible="", names="")
        vectors = np.array([[1, 0, 0]], dtype=np.float32)
        entries = [NewEntry(document=each, words=words, mean=vectors[0], vectors=vectors) for each in documents]
        self.store.entries.write_entries(generation_id, entries)

    def fill(self, generation_id: GenerationId) -> None:
        """Write all entries that a generation lacks."""
        self.write_documents(generation_id, self.find_documents(generation_id))

    def execute(self, statement: str, *values: object) -> None:
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute(statement.encode(), values)
