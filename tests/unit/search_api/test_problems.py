from typing import Annotated

import fastapi
import pytest
from pydantic import BaseModel
from starlette.testclient import TestClient

from search_api.problems import add_problem_handlers
from search_api.references import REFERENCE


class Body(BaseModel):
    q: str


@pytest.fixture
def client() -> TestClient:
    app = fastapi.FastAPI()
    add_problem_handlers(app)

    @app.get("/images/{ref}")
    def show(ref: Annotated[str, fastapi.Path(pattern=REFERENCE)]) -> str:
        return ref

    @app.post("/search")
    def search(body: Body, limit: int = 1) -> str:
        return body.q * limit

    return TestClient(app)


def test_a_wrong_name_of_an_image_is_said_without_a_pattern(client: TestClient) -> None:
    assert client.get("/images/abc").json()["detail"] == ("An image is named by its id or by the SHA-256 of its file.")


def test_a_body_that_is_no_json_is_said_to_be_none(client: TestClient) -> None:
    answer = client.post("/search", content="nope", headers={"Content-Type": "application/json"})

    assert answer.json()["detail"].startswith("The body is no JSON: ")


def test_a_wrong_value_is_said_with_its_place(client: TestClient) -> None:
    answer = client.post("/search?limit=many", json={"q": "dog"})

    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("limit: ")
