"""The examples as they are, against the real service."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import pytest
from PIL import Image

from tests.e2e.conftest import Command, cloned, serving
from tests.e2e.guarded import create_key
from tests.e2e.subjects import name_subject
from tests.fakes.openai_server import FakeOpenAI
from tests.images import image_bytes

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs an example in a folder, with the address and the key of a service."""

    folder: Path
    address: str
    key: str | None

    def __call__(self, *command: str | Path) -> "subprocess.CompletedProcess[str]":
        given = {"BASE": self.address, **({"KEY": self.key} if self.key else {})}
        return subprocess.run(
            [*map(str, command)],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **given},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@contextmanager
def working(postgres: str, library: str, folder: Path, embedders_home: Path) -> Iterator[Command]:
    """Give the command over a library of its own, with a model."""
    with FakeOpenAI(answer=name_subject) as server:
        variables = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": server.key}
        with cloned(postgres, library, folder, embedders_home, **variables) as command:
            yield command


@pytest.fixture(scope="module")
def shell(
    postgres: str, library: str, embedders_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shell]:
    """A shell beside a service that asks for no key."""
    folder = tmp_path_factory.mktemp("open")
    with working(postgres, library, folder, embedders_home) as command, serving(command) as address:
        yield Shell(folder, address, None)


@pytest.fixture(scope="module")
def guarded(
    postgres: str, library: str, embedders_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shell]:
    """A shell with the key of a service that asks for one."""
    folder = tmp_path_factory.mktemp("guarded")
    with working(postgres, library, folder, embedders_home) as command:
        key = create_key(command, "write")
        with serving(command, "--require-key") as address:
            yield Shell(folder, address, key)


def check_session(shell: Shell) -> None:
    (shell.folder / "new.jpg").write_bytes(image_bytes(4242, size=(640, 480)))

    ended = shell(EXAMPLES / "session.sh", "new.jpg", "a red mug")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    answers = ended.stdout
    assert "image/webp, " in answers
    assert '"captioner":"offline"' in answers
    assert "An example that was uploaded with curl." in answers
    assert answers.rindex('"images":25') > answers.index('"new":true')


def test_a_session_with_curl_runs_to_its_end_and_leaves_a_persons_words_alone(shell: Shell) -> None:
    check_session(shell)
    with httpx2.Client(base_url=shell.address, timeout=60) as client:
        client.put("/images/25/captions/retrieval", json={"text": "My own words."})

        again = shell(EXAMPLES / "session.sh", "new.jpg")

        assert again.returncode == 0, again.stdout + again.stderr
        assert client.get("/images/25/captions").json()[0]["sentences"] == ["My own words."]


def test_a_session_with_a_key_runs_to_its_end_and_one_with_a_wrong_key_says_so(guarded: Shell) -> None:
    check_session(guarded)

    ended = replace(guarded, key="cs_wrong")(EXAMPLES / "session.sh", "new.jpg")

    assert ended.returncode != 0
    assert '"status":401' in ended.stdout


def test_programs_take_a_key_too(guarded: Shell) -> None:
    found = guarded(sys.executable, EXAMPLES / "client.py", "a red mug")
    plotted = guarded(sys.executable, EXAMPLES / "grid.py", "a red mug")

    assert (found.returncode, plotted.returncode) == (0, 0), found.stderr + plotted.stderr


def test_the_python_client_saves_thumbnails_of_what_it_finds(shell: Shell) -> None:
    ended = shell(sys.executable, EXAMPLES / "client.py", "a red mug", "found")

    assert ended.returncode == 0, ended.stderr
    saved = sorted((shell.folder / "found").iterdir())
    assert len(saved) == len(ended.stdout.splitlines()) > 0
    with Image.open(saved[0]) as image:
        assert image.format == "WEBP"


def test_the_grid_is_a_picture_of_the_hits(shell: Shell) -> None:
    ended = shell(sys.executable, EXAMPLES / "grid.py", "a red mug")

    assert ended.returncode == 0, ended.stderr
    with Image.open(shell.folder / "grid.png") as image:
        image.load()
        assert image.width > 250


def test_nothing_is_made_of_no_hits(shell: Shell) -> None:
    plotted = shell(sys.executable, EXAMPLES / "grid.py", "quarterly tax return form", "nothing.png")
    found = shell(sys.executable, EXAMPLES / "client.py", "quarterly tax return form", "nothing")

    assert (plotted.returncode, found.returncode) == (1, 1)
    assert plotted.stderr == found.stderr == "Nothing in the index fits “quarterly tax return form”.\n"
    assert not list(shell.folder.glob("nothing*"))
