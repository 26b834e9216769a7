"""What `indexer edit` is asked for: by a file that is read as often as needed, or by flags."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from indexer.editing.editor import Editor, Parameters
from indexer.editing.requests import EditRequest, load_requests, read_request
from indexer.errors import SettingsError
from indexer.pipelines.editing.editing import refuse
from indexer.pipelines.editing.results import NAME

Loading = Callable[[], Iterable[EditRequest]]


class Requests:
    """The requests that an editor is asked for, however many; those that it cannot do come first.

    Raises JsonFileError where they cannot be read.
    """

    def __init__(self, load: Loading, editor: Editor) -> None:
        self._load = load
        self._editor = editor
        self._count = sum(1 for _ in load())

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[EditRequest]:
        yield from (request for request in self._refused() if request.fault is not None)
        yield from (request for request in self._refused() if request.fault is None)

    def _refused(self) -> Iterator[EditRequest]:
        return (refuse(self._editor, request) for request in self._load())


def find_requests(
    file: Path | None,
    images: Sequence[str],
    instructions: Sequence[str],
    mask: str | None,
    parameters: Parameters,
    limit: int | None,
) -> Loading:
    """Return what loads the requests of a file, or the one of the flags; a line's parameters go before the flags'.

    Raises SettingsError where neither is given, or both.
    """
    if (file is None) == (not images):
        raise SettingsError("Name a file of requests, or one image: `indexer edit --image IMAGE --instruction TEXT`.")
    if file is not None and (instructions or mask):
        raise SettingsError("--instruction and --mask go with --image; a file of requests has its own.")
    load = _loading(file, limit) if file else lambda: [_of_flags(images, instructions, mask)]
    return lambda: (replace(request, parameters={**parameters, **request.parameters}) for request in load())


def check_output(file: Path | None, output: Path) -> None:
    """Raise SettingsError where the list of edits would take the place of the file of requests."""
    if file is not None and file.resolve() == (output / NAME).resolve():
        raise SettingsError(f"{file} is where this run lists its edits: name another --output, or rename your file.")


def _loading(file: Path, limit: int | None) -> Loading:
    return lambda: islice(load_requests(file), limit)


def _of_flags(images: Sequence[str], instructions: Sequence[str], mask: str | None) -> EditRequest:
    turns = [{"role": "user", "content": text} for text in instructions]
    written = {"images": images[0] if len(images) == 1 else list(images), "conversations": turns}
    location = f"{', '.join(images)}: {' / '.join(instructions) or 'a variation'}"
    return read_request(
        written | ({"mask": mask} if mask else {}), EditRequest(location=location[:200], folder=Path.cwd())
    )
