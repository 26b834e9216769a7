"""docker-compose.yml and Dockerfile, held against the settings, the command line and each other: no engine needed."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from typer.core import TyperGroup
from typer.main import get_command

from indexer.cli.app import app
from indexer.cli.listening import is_reachable
from indexer.settings import Settings, variable_names
from search_api.routes import health

ROOT = Path(__file__).parents[2]
COMPOSE_TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SECRETS_README = (ROOT / "secrets" / "README.md").read_text(encoding="utf-8")

COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)
IMAGES = "${IMAGES:-./images}:/images:ro"
SETTINGS = {*variable_names(), *(f"{name}_FILE" for name in variable_names())}
# What the comments tell people to type; a description may follow after two spaces.
DOCUMENTED = re.findall(r"docker compose run --rm indexer (.+?)(?:  .*)?$", COMPOSE_TEXT, re.MULTILINE)
COMMANDS = [service["command"] for service in SERVICES.values() if "command" in service]

each_service = pytest.mark.parametrize("name", SERVICES)
each_of_ours = pytest.mark.parametrize("name", OURS)


def parse(arguments: list[str]) -> None:
    """Take arguments as the command line does, running nothing; raises what it says of wrong ones."""
    command, rest = get_command(app), list(arguments)
    while isinstance(command, TyperGroup):
        command = command.commands[rest.pop(0)]
    command.make_context("indexer", rest)


def set_environment(monkeypatch: pytest.MonkeyPatch, name: str, secrets: Path) -> None:
    """Give this process the environment of a service, its secrets lying in a folder of the test."""
    for variable in SETTINGS:
        monkeypatch.delenv(variable, raising=False)
    for variable, value in SERVICES[name]["environment"].items():
        if value is not None:
            monkeypatch.setenv(variable, value.replace("/run/secrets", str(secrets)))


def test_indexer_and_ollama_start_only_when_asked_for() -> None:
    assert set(SERVICES) == {"db", "migrate", "api", "indexer", "ollama"}
    assert OURS == ["api", "indexer", "migrate"]
    assert SERVICES["indexer"]["profiles"] == ["indexer"]
    assert SERVICES["ollama"]["profiles"] == ["ollama"]


@each_of_ours
def test_every_variable_handed_over_is_a_setting(name: str) -> None:
    assert set(SERVICES[name]["environment"]) <= SETTINGS


@each_of_ours
def test_the_settings_load_from_what_is_handed_over(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "database_url").write_text("postgresql://caption_search:word@db:5432/caption_search\n")
    (tmp_path / "openai_api_key").write_text("none\n")
    (tmp_path / "api_key").write_text("0123456789abcdef" * 4 + "\n")
    monkeypatch.chdir(tmp_path)
    set_environment(monkeypatch, name, tmp_path)

    settings = Settings.load()

    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql://caption_search:word@db:5432/caption_search"


def test_the_key_of_the_model_reaches_the_indexer_alone() -> None:
    assert [name for name, service in SERVICES.items() if "openai_api_key" in service.get("secrets", [])] == ["indexer"]


def test_the_service_asks_for_the_key_of_its_secret_file() -> None:
    assert [name for name, service in SERVICES.items() if "api_key" in service.get("secrets", [])] == ["api"]
    assert SERVICES["api"]["environment"]["CAPTION_SEARCH_API_KEY_FILE"] == "/run/secrets/api_key"
    assert "--insecure" not in SERVICES["api"]["command"]
    assert is_reachable(SERVICES["api"]["command"][2], [])


def test_a_key_as_the_secrets_are_made_can_be_used() -> None:
    (made,) = re.findall(r"^openssl rand -hex (\d+) > secrets/api_key.txt$", SECRETS_README, re.MULTILINE)

    assert Settings.load(api_key="f" * 2 * int(made)).api_key


@each_service
def test_every_secret_file_named_is_a_secret_of_that_service(name: str) -> None:
    environment = SERVICES[name].get("environment", {})
    named = [value for variable, value in environment.items() if variable.endswith("_FILE")]

    assert sorted(named) == sorted(f"/run/secrets/{secret}" for secret in SERVICES[name].get("secrets", []))


def test_every_secret_is_used_declared_explained_and_kept_out_of_git() -> None:
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}

    assert COMPOSE["secrets"] == {secret: {"file": f"./secrets/{secret}.txt"} for secret in used}
    assert all(f"> secrets/{secret}.txt" in SECRETS_README for secret in used)
    assert "secrets/*.txt" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_the_secret_database_url_names_the_database_of_compose() -> None:
    environment = SERVICES["db"]["environment"]
    user, database = environment["POSTGRES_USER"], environment["POSTGRES_DB"]

    assert f'"postgresql://{user}:$(cat secrets/db_password.txt)@db:5432/{database}"' in SECRETS_README


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_the_command_line_takes_every_command(arguments: list[str]) -> None:
    parse(arguments)


@pytest.mark.parametrize("arguments", DOCUMENTED)
def test_the_command_line_takes_what_the_comments_say_to_type(arguments: str) -> None:
    parse(arguments.split())


def test_the_comments_show_how_to_index_the_mounted_images() -> None:
    assert "ingest /images" in DOCUMENTED


def test_the_service_is_migrated_for_before_it_starts() -> None:
    assert SERVICES["migrate"]["command"] == ["db", "migrate"]
    assert SERVICES["api"]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


@each_service
def test_a_start_waits_until_what_it_needs_is_healthy(name: str) -> None:
    needed = SERVICES[name].get("depends_on", {})

    assert all(SERVICES[other].get("healthcheck") for other in needed.keys() - {"migrate"})
    assert all(needed[other] == {"condition": "service_healthy"} for other in needed.keys() - {"migrate"})


@each_of_ours
def test_all_of_ours_wait_for_the_database(name: str) -> None:
    assert "db" in SERVICES[name]["depends_on"]


def test_the_health_check_asks_the_service_where_it_listens() -> None:
    api = SERVICES["api"]
    port = api["command"][api["command"].index("--port") + 1]

    assert f"http://127.0.0.1:{port}{health.router.url_path_for('check_ready')}" in api["healthcheck"]["test"][-1]
    assert api["ports"] == [f"127.0.0.1:{port}:{port}"]


@each_service
def test_every_published_port_is_on_the_loopback_address(name: str) -> None:
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in SERVICES[name].get("ports", []))


def test_the_images_lie_at_the_same_place_for_indexer_and_service_and_cannot_be_written() -> None:
    mounts = [[mount for mount in SERVICES[name].get("volumes", []) if "/images" in mount] for name in OURS]

    assert mounts == [[IMAGES], [IMAGES], []]


def test_the_database_keeps_the_folder_above_its_data() -> None:
    assert SERVICES["db"]["volumes"] == ["db:/var/lib/postgresql"]


def test_every_named_volume_is_declared_and_used() -> None:
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", []) if mount != IMAGES]

    assert {mount.split(":")[0] for mount in mounts} == set(COMPOSE["volumes"])


@each_service
def test_no_container_has_more_rights_than_it_needs(name: str) -> None:
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]
    assert not SERVICES[name].get("privileged")


@pytest.mark.parametrize("name", [*OURS, "db"])
def test_only_volumes_and_temporary_folders_can_be_written(name: str) -> None:
    assert SERVICES[name]["read_only"] is True
    assert "/tmp" in SERVICES[name]["tmpfs"]  # noqa: S108 - the container's own


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - set(OURS)))
def test_the_images_of_others_are_pinned(name: str) -> None:
    assert re.fullmatch(r"[a-z]+/[a-z]+:\d+\.\d+\.\d+[a-z0-9-]*", SERVICES[name]["image"])


def test_the_image_runs_the_command_as_a_user_of_its_own() -> None:
    final = DOCKERFILE.rpartition("\nFROM ")[2]

    assert re.findall(r"^USER (.+)$", final, re.MULTILINE) == ["10001:10001"]
    assert re.findall(r"^ENTRYPOINT (.+)$", final, re.MULTILINE) == ['["indexer"]']
    assert all("user" not in SERVICES[name] and "entrypoint" not in SERVICES[name] for name in OURS)


def test_the_image_keeps_what_is_written_in_the_volume() -> None:
    (home,) = re.findall(r"\bCAPTION_SEARCH_HOME=(\S+)", DOCKERFILE)

    assert set(re.findall(r"\bCAPTION_SEARCH_\w+", DOCKERFILE)) <= SETTINGS
    assert f"install --directory --owner 10001 --group 10001 {home}\n" in DOCKERFILE
    assert all(f"home:{home}" in SERVICES[name]["volumes"] for name in ("api", "indexer"))


def test_everything_the_image_is_built_from_is_there_and_let_through() -> None:
    sources = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    ignored, *let_through = (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n!")

    assert ignored.endswith("\n*")
    assert {"indexer", "search_api", "sql"} <= set(sources)
    assert all((ROOT / source).exists() for source in sources)
    assert sorted(line.split("\n")[0] for line in let_through) == sorted(sources)


def test_the_image_has_the_torch_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert re.findall(r"^ARG TORCH=(.+)$", DOCKERFILE, re.MULTILINE) == re.findall(
        r"^TORCH +\?= (.+)$", makefile, re.MULTILINE
    )
