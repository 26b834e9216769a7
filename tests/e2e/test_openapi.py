"""Whatever the OpenAPI document allows, and much that it does not: the service answers as is documented there."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from tests.conftest import new_database
from tests.documents import openapi_document
from tests.e2e.conftest import Command, make_home, serving, wait_until
from tests.e2e.subjects import SUBJECTS
from tests.fakes.gemini_server import FakeGemini
from tests.fakes.openai_server import Asked, FakeOpenAI, Reply, caption_reply
from tests.images import image_bytes

# Trouble with a model, or too much at once, is an answer, too; not all that a sentence forbids can be a schema; and no
# key that is made up opens a session. What is wrong is tried systematically, one thing at a time, and not at random: in
# an address, a number in place of a list of texts is a text like any other.
_CONFIG = """
seed = 1
suppress-health-check = ["all"]
[checks]
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "502", "503"]
positive_data_acceptance.expected-statuses = ["2xx", "401", "404", "422", "502", "503"]
[generation]
max-examples = 20
with-security-parameters = false
deterministic = true
database = "none"
[phases.fuzzing.generation]
mode = "positive"
"""
_DOCUMENT: dict[str, Any] = openapi_document()
document = schemathesis.openapi.from_dict(_DOCUMENT, config=schemathesis.Config.from_str(_CONFIG))


@document.hook
def map_path_parameters(_context: schemathesis.HookContext, given: dict[str, Any] | None) -> dict[str, Any] | None:
    """Name images that are there, mostly: a number of any size is no news after the first."""
    if given and str(given.get("ref", "")).isdecimal():
        return {**given, "ref": str(int(given["ref"]) % (len(SUBJECTS) + 3))}
    return given


@document.hook
def map_body(_context: schemathesis.HookContext, body: Any) -> Any:
    """Send pictures, mostly, where a file is wanted."""
    if not isinstance(body, dict) or not isinstance(body.get("file"), bytes) or len(body["file"]) % 3 == 0:
        return body
    return {**body, "file": image_bytes(len(body["file"]))}


@pytest.fixture(scope="module")
def address(
    postgres: str, library: str, embedders_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Give the address of a service over a library, whose models are fakes."""
    folder = tmp_path_factory.mktemp("openapi")
    home = make_home(folder / "home", embedders_home)
    with (
        FakeOpenAI(answer=describe_all) as openai,
        FakeGemini() as gemini,
        new_database(postgres, library) as database,
    ):
        variables = {"OPENAI_BASE_URL": openai.base_url, "OPENAI_API_KEY": openai.key, "DATABASE_URL": database}
        variables |= {"GEMINI_BASE_URL": gemini.base_url, "GEMINI_API_KEY": gemini.key}
        with serving(Command(folder, {**variables, "CAPTION_SEARCH_HOME": str(home)})) as started:
            wait_until(lambda: httpx2.get(f"{started}/health/ready").status_code == 200)
            yield started


def describe_all(asked: Asked) -> Reply:
    """Answer every kind that may be asked for."""
    retrieval = json.loads(caption_reply(f"A jellyfish, number {asked.number}.").content or "")
    product = {"title": "A jellyfish", "description": "It glows.", "attributes": [], "uncertain": False}
    said = {"retrieval": retrieval, "alt_text": {"alt_text": "A jellyfish."}, "ecommerce": product}
    return Reply(content=json.dumps(said))


@document.parametrize()
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_no_answer_is_undocumented(case: schemathesis.Case[Any], address: str) -> None:
    case.call_and_validate(base_url=address, timeout=60)
