"""What a change of the embedder takes: `indexer reindex --embedder`, beside the embedding of the same sentences alone.

    python benchmarks/embedder_change.py HOME CAPTIONS.jsonl.gz [--entries 10000]

HOME and CAPTIONS as for `libraries.py`. The new embedder is the default one with a layer that turns its 384 dimensions
into 256: as quick, and another. Afterwards the library is rolled back.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

from benchmarks.endpoints import Endpoint
from benchmarks.libraries import add_arguments, open_library
from benchmarks.running import run_command
from indexer.catalog.embedding import Embedders
from indexer.catalog.embedding.weights import packaged_weights
from indexer.catalog.store import Store
from indexer.settings import Settings
from tests.fakes.openai_server import describe

_DIMENSIONS, _BATCH = 256, 64 * 5


def main() -> None:
    """Load a library where there is none, change its embedder, and take that back."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.set_defaults(entries=10_000)
    wanted = parser.parse_args()
    os.environ["CAPTION_SEARCH_HOME"] = str(wanted.home)
    with open_library(wanted) as conninfo, tempfile.TemporaryDirectory() as folder, Endpoint(describe) as endpoint:
        name = _write_embedder(Path(folder) / "shorter")
        with Store(conninfo) as store:
            live = store.generations.get_live()
            assert live is not None
            sentences = store.renewals.sample_sentences(limit=5 * live.entries)
        bare_s = _embed(name, sentences)
        started = time.perf_counter()
        ended = json.loads(run_command(conninfo, endpoint, "reindex", "--embedder", name, "--json"))
        took_s = time.perf_counter() - started
        print(f"{live.entries:,} entries, {len(sentences):,} sentences, {live.dimensions} to {_DIMENSIONS} dimensions")
        print(f"floor, embedding alone: {bare_s:.1f} s, {live.entries / bare_s:.0f} entries/s")
        times = f"{took_s / bare_s:.2f} times the floor"
        print(f"reindex --embedder:     {took_s:.1f} s, {live.entries / took_s:.0f} entries/s, {times}")
        print(f"requests to the captioner: {endpoint.seen().requests}; state {ended['state']}: {ended['verdict']}")
        run_command(conninfo, endpoint, "generations", "rollback")
        run_command(conninfo, endpoint, "generations", "drop", str(ended["generation"]), "--yes")


def _write_embedder(folder: Path) -> str:
    """Save the default model with a layer of fewer dimensions that keeps angles about as they are; return its name."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, Normalize

    torch.manual_seed(0)
    model = SentenceTransformer(str(packaged_weights()), device="cpu")
    width = model.get_embedding_dimension() or 0
    dense = Dense(width, _DIMENSIONS, bias=False, activation_function=torch.nn.Identity())
    torch.nn.init.orthogonal_(dense.linear.weight)
    model.append(dense)
    model.append(Normalize())
    model.save_pretrained(str(folder))
    return str(folder)


def _embed(name: str, sentences: list[str]) -> float:
    """Return the seconds that the sentences take alone, in batches as the indexing makes them."""
    embedder = Embedders(Settings.load()).for_bulk(name)
    embedder.embed(sentences[:_BATCH])
    started = time.perf_counter()
    for first in range(0, len(sentences), _BATCH):
        embedder.embed(sentences[first : first + _BATCH])
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
