"""Whether an embedder is the one that a generation was made with: vectors of two embedders cannot be compared."""

from indexer.catalog.embedding.embedder import Embedder
from indexer.catalog.store import Store
from indexer.errors import EmbedderError
from indexer.models import Generation

# The same weights give 0.999 and more, in 8 bits and on other machines too; other weights hardly ever 0.9.
_SAME = 0.99


def verify_embedder(store: Store, generation: Generation, embedder: Embedder) -> None:
    """Embed a sentence of the generation again and look whether its vector comes out the same.

    Raises EmbedderError where it does not, or has other dimensions.
    """
    sample = store.generations.get_sample(generation.id)
    if sample is None:
        verify_dimensions(generation, embedder.dimensions)
        return
    vector = embedder.embed([sample.sentence])[0]
    verify_dimensions(generation, len(vector))
    if float(vector @ sample.vector) < _SAME:
        raise EmbedderError(
            f"The model behind {embedder.name} is not the one that generation {generation.id} was made with: its "
            f"sentence “{sample.sentence}” comes out elsewhere. Install the old weights, or reindex with these."
        )


def verify_dimensions(generation: Generation, dimensions: int) -> None:
    """Raise EmbedderError where vectors do not have the dimensions of a generation."""
    if dimensions != generation.dimensions:
        raise EmbedderError(
            f"{generation.embedder} gives vectors of {dimensions} dimensions, but generation {generation.id} was made "
            f"with {generation.dimensions}: it is another model of the same name."
        )
