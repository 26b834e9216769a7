"""Models written down as ONNX: the same vectors without torch."""

import logging
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.catalog.embedding import DEFAULT, Embedders
from indexer.catalog.embedding.exporting import export, is_refused
from indexer.catalog.embedding.onnx_model import OnnxEmbedder
from indexer.catalog.embedding.torch_model import TorchEmbedder, load_model
from indexer.errors import EmbedderError
from indexer.settings import Settings
from tests.tiny_embedders import write_embedder

TEXTS = (
    *("a red dog", "two dogs, a cat on the grass", "", "  ", "红杯子", "🐕", "A CAT\tin the\nrain", "zzz"),
    "a dog play in the red rain on the grass " * 30,
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(home=tmp_path / "home")


def cosines(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((one * other).sum(axis=1))


def exports(settings: Settings) -> list[Path]:
    return sorted((settings.home / "embedders").iterdir())


@pytest.mark.parametrize(
    ("family", "pooling"), [("bert", "mean"), ("bert", "cls"), ("xlm-roberta", "mean"), ("xlm-roberta", "max")]
)
def test_an_export_gives_the_models_own_vectors(tmp_path: Path, family: str, pooling: str) -> None:
    model = write_embedder(tmp_path, family=family, pooling=pooling)  # type: ignore[arg-type]
    expected = model.encode(list(TEXTS), normalize_embeddings=True)

    assert export(model, "tiny", tmp_path / "export")

    documents = OnnxEmbedder("tiny", tmp_path / "export", "document").embed(TEXTS)
    queries = OnnxEmbedder("tiny", tmp_path / "export", "query")
    singly = np.concatenate([queries.embed([text]) for text in TEXTS])
    assert cosines(documents, expected).min() > 0.9999
    assert cosines(singly, expected).min() > 0.99
    np.testing.assert_allclose(np.linalg.norm(singly, axis=1), 1, atol=1e-5)


def test_queries_and_documents_get_the_prompts_that_a_model_has(tmp_path: Path, settings: Settings) -> None:
    model = write_embedder(tmp_path, prompts={"query": "red mug ", "passage": "two cat "})
    embedders, name = Embedders(settings), str(tmp_path / "whole")

    query, document = embedders.for_queries(name).embed(["a dog"]), embedders.for_bulk(name).embed(["a dog"])

    assert cosines(query, model.encode_query(["a dog"], normalize_embeddings=True)).min() > 0.998
    assert cosines(document, model.encode_document(["a dog"], normalize_embeddings=True)).min() > 0.9999
    assert cosines(query, document).max() < 0.99


def test_a_model_is_written_down_once_and_again_when_its_weights_change(tmp_path: Path, settings: Settings) -> None:
    write_embedder(tmp_path / "model")
    name = str(tmp_path / "model" / "whole")
    first = Embedders(settings).for_queries(name).embed(["a red dog"])
    again = Embedders(settings).for_queries(name).embed(["a red dog"])
    made_once = exports(settings)

    write_embedder(tmp_path / "model", seed=1)
    changed = Embedders(settings).for_queries(name).embed(["a red dog"])

    assert len(made_once) == 1
    assert len(exports(settings)) == 2
    assert cosines(first, again).min() > 0.9999
    assert cosines(first, changed).max() < 0.9


def test_a_model_whose_export_differs_runs_on_torch_and_is_not_tried_again(
    tmp_path: Path, settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = write_embedder(tmp_path)
    monkeypatch.setattr("indexer.catalog.embedding.exporting._SAME", 1.1)
    embedders, name = Embedders(settings), str(tmp_path / "whole")

    with caplog.at_level(logging.WARNING, "indexer"):
        both = [embedders.for_queries(name), embedders.for_queries(name)]

    assert [embedder.how for embedder in both] == ["torch", "torch"]
    np.testing.assert_allclose(both[0].embed(TEXTS), model.encode(list(TEXTS), normalize_embeddings=True), atol=1e-5)
    [folder] = exports(settings)
    assert is_refused(folder)
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"The embedder {name} runs on torch, more slowly: its export differs (cosine 1.0")


def test_where_nothing_can_be_written_torch_embeds(
    tmp_path: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    write_embedder(tmp_path)
    settings.home.mkdir()
    (settings.home / "embedders").write_text("a file in the way")

    with caplog.at_level(logging.WARNING, "indexer"):
        embedder = Embedders(settings).for_queries(str(tmp_path / "whole"))

    assert embedder.how == "torch"
    assert "cannot be written" in caplog.text


def test_a_damaged_export_says_what_to_delete(tmp_path: Path, settings: Settings) -> None:
    write_embedder(tmp_path)
    name = str(tmp_path / "whole")
    Embedders(settings).for_queries(name)
    [folder] = exports(settings)
    (folder / "queries.onnx").write_bytes(b"not a model")

    with pytest.raises(EmbedderError, match=r"queries\.onnx cannot be run .*: delete its folder"):
        Embedders(settings).for_queries(name)


def test_the_default_model_runs_in_8_bits_and_hardly_differs(embedders_home: Path) -> None:
    embedder = Embedders(Settings.load(home=embedders_home)).for_queries(DEFAULT)
    torch_embedder = TorchEmbedder(DEFAULT, load_model(DEFAULT, threads=1), "query")

    least = cosines(embedder.embed(TEXTS), torch_embedder.embed(TEXTS)).min()

    assert embedder.how == "ONNX Runtime, 8 bits"
    assert 0.998 < least < 1
