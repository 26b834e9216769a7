"""Sentence-transformers models small enough for tests: real in every part, with random weights and few words."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from transformers import PreTrainedModel

WORDS = ("a", "dog", "cat", "red", "mug", "on", "the", "grass", "in", "rain", "two", "play", "红", "杯", "子")
_LAYERS: dict[str, Any] = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 2}
_POSITIONS = 40
# Random weights hardly tell texts apart; larger ones do.
_LOUDER = 4.0


def write_embedder(
    folder: Path,
    *,
    family: Literal["bert", "xlm-roberta"] = "bert",
    pooling: str = "mean",
    seed: int = 0,
    prompts: dict[str, str] | None = None,
) -> "SentenceTransformer":
    """Save a model of 64 dimensions, without a layer that normalises, and return it as it is loaded again."""
    # Imported here, as in the product: it takes seconds, and what the environment says of the hub is read once.
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    torch.manual_seed(seed)
    plain = folder / "plain"
    model = _save_bert(plain) if family == "bert" else _save_xlm_roberta(plain)
    with torch.no_grad():
        for weights in model.parameters():
            if weights.dim() > 1:
                weights.mul_(_LOUDER)
    model.save_pretrained(plain)
    modules = [Transformer(str(plain)), Pooling(_LAYERS["hidden_size"], pooling_mode=pooling)]
    whole = SentenceTransformer(modules=modules, device="cpu", prompts=prompts)
    whole.max_seq_length = _POSITIONS
    whole.save_pretrained(str(folder / "whole"))
    return SentenceTransformer(str(folder / "whole"), device="cpu")


def _save_bert(folder: Path) -> "PreTrainedModel":
    from transformers import BertConfig, BertModel, BertTokenizer

    vocabulary = {word: number for number, word in enumerate(("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS))}
    BertTokenizer(vocab=vocabulary).save_pretrained(folder)
    return BertModel(BertConfig(vocab_size=len(vocabulary), max_position_embeddings=_POSITIONS, **_LAYERS))


def _save_xlm_roberta(folder: Path) -> "PreTrainedModel":
    """Save pieces of words after a ▁ and positions counted from the padding, as multilingual models have them."""
    from transformers import XLMRobertaConfig, XLMRobertaModel, XLMRobertaTokenizer

    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *(f"▁{word}" for word in WORDS), *WORDS, "<mask>"]
    XLMRobertaTokenizer(vocab=[(piece, -float(number)) for number, piece in enumerate(pieces)]).save_pretrained(folder)
    config = XLMRobertaConfig(vocab_size=len(pieces), max_position_embeddings=_POSITIONS + 2, **_LAYERS)
    return XLMRobertaModel(config)
