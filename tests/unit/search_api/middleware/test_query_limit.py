import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from search_api.middleware.query_limit import MOST_PARAMETERS, QueryLimitMiddleware


@pytest.mark.parametrize(("many", "status"), [(MOST_PARAMETERS, 200), (MOST_PARAMETERS + 1, 422)])
def test_an_address_has_so_many_parameters_and_no_more(many: int, status: int) -> None:
    app = Starlette(routes=[Route("/", lambda _: PlainTextResponse("found"))])
    app.add_middleware(QueryLimitMiddleware)

    answer = TestClient(app).get("/?" + "&".join("abcdefg"[n % 7] for n in range(many)))

    assert answer.status_code == status
