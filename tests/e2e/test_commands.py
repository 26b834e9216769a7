"""The other commands, and how the command line itself behaves."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.e2e.conftest import Command
from tests.fakes.openai_server import FakeOpenAI

_ROOT = Path(__file__).parents[2]
_HEAVY = ("torch", "transformers", "sentence_transformers", "PIL", "numpy", "psycopg", "openai", "fastapi")


@pytest.mark.parametrize("arguments", [["--help"], ["ingest", "--help"], ["db", "--help"]])
def test_help_loads_none_of_the_parts_that_do_the_work(arguments: list[str]) -> None:
    run = f"from indexer.cli.app import app; app({arguments!r}, standalone_mode=False)"
    script = f"import sys; {run}; print(*sys.modules, file=sys.stderr)"

    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stderr.split()

    assert "typer" in loaded
    assert not set(_HEAVY) & set(loaded)


@pytest.mark.parametrize(
    "arguments",
    [["status"], ["failures"], ["prompts", "list"], ["generations", "list"], ["db", "url"], ["db", "migrate"]],
)
def test_commands_that_embed_nothing_load_no_torch(arguments: list[str], indexer: Command) -> None:
    indexer.variables["PYTHONPROFILEIMPORTTIME"] = "1"

    finished = indexer(*arguments)

    assert finished.code == 0
    assert "| psycopg" in finished.err.replace("  ", "")
    assert " torch\n" not in finished.err


def test_doctor_checks_every_part_and_shows_no_secret(paying: Command, openai_server: FakeOpenAI) -> None:
    finished = paying("doctor", "--json")

    [report] = finished.lines
    assert finished.code == 0, report
    assert [check["part"] for check in report["checks"] if check["ok"]] == [
        "home",
        "database",
        "embedder",
        "captioner",
        "editors",
        "image formats",
    ]
    assert openai_server.key not in finished.out
    assert report["settings"]["openai_api_key"] == "set (hidden)"


def test_doctor_says_which_part_fails(paying: Command) -> None:
    paying.variables["OPENAI_API_KEY"] = "sk-wrong"

    finished = paying("doctor", "--json")

    assert finished.code == 1
    assert [check["part"] for check in finished.lines[0]["checks"] if not check["ok"]] == ["captioner"]


def test_an_unknown_setting_is_refused_by_name(indexer: Command) -> None:
    indexer.variables["CAPTION_SEARCH_MODLE"] = "gpt-4o"

    finished = indexer("status")

    assert finished.code == 1
    assert finished.err.strip() == "Error: CAPTION_SEARCH_MODLE is no setting. Did you mean CAPTION_SEARCH_MODEL?"


def test_an_unreachable_database_is_one_sentence(indexer: Command) -> None:
    indexer.variables["DATABASE_URL"] = "postgresql://me:geheim@127.0.0.1:1/pictures"

    finished = indexer("status")

    assert finished.code == 1
    assert finished.err.startswith("Error: No database at 127.0.0.1/pictures (")
    assert finished.err.count("\n") == 1
    assert "geheim" not in finished.err
    assert "Traceback" not in finished.err


def test_a_mistyped_flag_is_a_usage_error(indexer: Command) -> None:
    assert indexer("ingest", "--captionner", "openai", ".").code == 2


def test_shipped_prompts_are_copied_once(indexer: Command) -> None:
    first, second = indexer("prompts", "init", "--json"), indexer("prompts", "init", "--json")

    kinds = ("alt_text", "ecommerce", "moderation", "retrieval")
    assert first.lines == [{"written": [f"prompts/{kind}.toml" for kind in kinds]}]
    assert second.lines == [{"written": []}]
    assert first.err == "Edit prompts/retrieval.toml, then look at what `indexer reindex --dry-run` would do.\n"
    assert "search index" in indexer("prompts", "show", "retrieval").out


def test_without_a_database_url_the_embedded_server_is_used(indexer: Command, server_home: Path) -> None:
    del indexer.variables["DATABASE_URL"]
    indexer.variables["CAPTION_SEARCH_HOME"] = str(server_home)

    first, second = indexer("db", "migrate", "--json"), indexer("status", "--json")

    assert first.lines[0]["applied"][0] == "0001.catalogue"
    assert second.lines[0]["images"] == 0
    assert (first.err, second.err) == ("", "")


def files_below(folder: Path) -> set[Path]:
    found = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    return {path for path in found if "__pycache__" not in path.parts}


def test_the_built_wheel_works_without_the_checkout(indexer: Command, tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", tmp_path, _ROOT], check=True)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    script = "from indexer.catalog import queries; from indexer.cli.app import main; print(queries.__file__); main()"

    finished = subprocess.run(
        [sys.executable, "-c", script, "prompts", "list"],
        cwd=tmp_path,
        env={**indexer.variables, "PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
        check=True,
    )

    assert finished.stdout.startswith(str(tmp_path / "installed"))
    assert "retrieval" in finished.stdout
    for package in ("indexer", "search_api", "sql"):
        installed = tmp_path / "installed" / ("indexer/sql" if package == "sql" else package)
        assert files_below(_ROOT / package) <= files_below(installed)
