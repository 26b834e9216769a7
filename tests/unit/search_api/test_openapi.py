from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from search_api.openapi.document import load_examples
from tests.documents import openapi_document

DOCUMENT: dict[str, Any] = openapi_document()
OPERATIONS: dict[str, dict[str, Any]] = {
    operation["operationId"]: {**operation, "method": method}
    for path in DOCUMENT["paths"].values()
    for method, operation in path.items()
}


def check(example: object, schema: dict[str, Any]) -> None:
    jsonschema_rs.validate({**schema, "components": DOCUMENT["components"]}, example)


def answers(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what an operation may answer in JSON when it does what it was asked to."""
    for status, response in operation["responses"].items():
        if status < "300":
            yield from (content for name, content in response.get("content", {}).items() if name == "application/json")


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_says_what_it_is_for(name: str) -> None:
    operation = OPERATIONS[name]

    assert operation["summary"]
    assert operation["description"].endswith(".")
    assert operation["tags"][0] in {tag["name"] for tag in DOCUMENT["tags"]}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_example_is_what_its_schema_says(name: str) -> None:
    for content in answers(OPERATIONS[name]):
        check(content["example"], content["schema"])
    body = OPERATIONS[name].get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None:
        check(body["example"], body["schema"])


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_refusal_is_a_problem_with_an_example(name: str) -> None:
    for status, response in OPERATIONS[name]["responses"].items():
        if status >= "400":
            [(media_type, content)] = response["content"].items()
            assert media_type == "application/problem+json"
            check(content["example"], content["schema"])
            assert content["example"]["status"] == int(status)


def test_no_example_is_of_an_operation_that_is_gone() -> None:
    assert load_examples().keys() <= OPERATIONS.keys()


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_text_and_number_of_a_request_has_a_limit(name: str) -> None:
    for parameter in OPERATIONS[name].get("parameters", []):
        for schema in parameter["schema"].get("anyOf", [parameter["schema"]]):
            assert not _is_unlimited(schema), parameter["name"]


def _is_unlimited(schema: dict[str, Any]) -> bool:
    if schema.get("type") == "string":
        return not {"enum", "const", "pattern", "maxLength", "format"} & schema.keys()
    if schema.get("type") == "array":
        return "maxItems" not in schema or _is_unlimited(schema["items"])
    return schema.get("type") == "integer" and not {"maximum", "exclusiveMaximum"} & schema.keys()
