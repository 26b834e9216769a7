"""Load models of the transformers library quietly, and one at a time."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Its loading patches torch for the whole process: two models loaded at once left weights unloaded, without an error.
_LOADING = threading.Lock()


@contextmanager
def loading_quietly() -> Iterator[None]:
    """Keep other models from being loaded meanwhile, and progress bars and warnings off the terminal."""
    with _LOADING:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        # Otherwise a model without safetensors has a service of Hugging Face's asked to convert it, by a thread.
        os.environ.setdefault("DISABLE_SAFETENSORS_CONVERSION", "1")
        # Imported here: it takes a second to load, and most commands load no model.
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        yield


def first_line(error: BaseException) -> str:
    """Return what a library says of why a model cannot be loaded, without its pages of advice."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
