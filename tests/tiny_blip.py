"""A BLIP small enough for tests: real in every part, with random weights and a vocabulary of a few words."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import BlipForConditionalGeneration

WORDS = (
    *("a", "dog", "cat", "red", "mug", "on", "the", "grass", "under", "blue", "sky", "two", "children", "play", "near"),
    *("old", "wooden", "bridge", "in", "rain"),
)
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_PAD, _BEGIN, _END = 0, 2, 3
_LAYERS = {"hidden_size": 32, "intermediate_size": 37, "num_hidden_layers": 2, "num_attention_heads": 2}
# Random weights hardly look at the picture; larger ones do.
_LOUDER = 4.0


def write_blip(folder: Path, *, only_says: str | None = None) -> Path:
    """Save a model that speaks in `WORDS`, or says one of them again and again, and return its folder."""
    # Imported here, as in the product: it takes seconds, and what the environment says of the hub is read once.
    import torch
    from transformers import BertTokenizer, BlipImageProcessorPil

    vocabulary = {word: number for number, word in enumerate((*_SPECIAL, *WORDS))}
    model = _make_model(len(vocabulary))
    if only_says is not None:
        with torch.no_grad():
            model.text_decoder.cls.predictions.bias[vocabulary[only_says]] += 100
    model.save_pretrained(folder)
    BertTokenizer(vocab=vocabulary).save_pretrained(folder)
    BlipImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def _make_model(vocabulary_size: int) -> "BlipForConditionalGeneration":
    import torch
    from transformers import BlipConfig, BlipForConditionalGeneration

    text = {
        "vocab_size": vocabulary_size,
        "encoder_hidden_size": 32,
        "max_position_embeddings": 64,
        "bos_token_id": _BEGIN,
        "eos_token_id": _END,
        "sep_token_id": _END,
        "pad_token_id": _PAD,
    }
    vision = {"image_size": 32, "patch_size": 8, "initializer_range": 0.2}  # the default would see nothing
    torch.manual_seed(0)
    model = BlipForConditionalGeneration(
        BlipConfig(text_config=text | _LAYERS, vision_config=vision | _LAYERS, projection_dim=32)
    )
    with torch.no_grad():
        for weights in model.parameters():
            if weights.dim() > 1:
                weights.mul_(_LOUDER)
    return model
