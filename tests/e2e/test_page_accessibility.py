"""Axe-core over the page's states, in light and dark, on a desk and on a phone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.axe import grave_violations
from tests.e2e.conftest import browsing
from tests.e2e.photos import showing_photos


def _see_newest(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("#hits li").nth(39).wait_for()


def _see_hits(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=a+brown+dog+runs+through+the+snow+tag:brown&strictness=low&folder=animals")
    page.locator("#hits li").nth(3).wait_for()
    page.locator("#hits .picture").nth(1).focus()


def _see_twins(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=red+mug+on+a+wooden+desk")
    page.get_by_role("button", name="1 more that looks the same").click()
    page.locator("#hits li[data-twin-of]").wait_for()


def _see_nothing(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=annual+shareholder+meeting+in+Zurich")
    page.get_by_role("button", name="Show the nearest anyway").wait_for()


def _see_a_panel(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=mug&taken_gte=2024")
    page.get_by_role("button", name="since 2024", exact=True).click()
    page.get_by_label("From").wait_for()


def _see_folders(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=mug&folder=home")
    page.get_by_role("button", name="home", exact=True).click()
    page.get_by_role("checkbox", name="home", exact=True).wait_for()


def _see_help(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=mug")
    page.get_by_role("button", name="What to type").click()
    page.get_by_role("heading", name="By a picture").wait_for()


def _see_like(page: Page, address: str) -> None:
    page.goto(f"{address}/?like=7")
    page.locator("#hits li").first.wait_for()


def _see_a_problem(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=mug&taken_gte=soon")
    page.get_by_role("button", name="Remove the filters").wait_for()


_STATES = (
    _see_newest, _see_hits, _see_twins, _see_nothing, _see_a_panel, _see_folders, _see_help, _see_like, _see_a_problem,
)  # fmt: skip


@pytest.fixture(scope="module")
def address(postgres: str, embedders_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with showing_photos(tmp_path_factory.mktemp("photos"), postgres, embedders_home) as started:
        yield started


@pytest.fixture(params=[(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")], ids=str, scope="module")
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, scheme = request.param
    with browsing(browser, width=width, scheme=scheme, has_touch=width == 390) as opened:
        yield opened


@pytest.mark.parametrize("see", _STATES, ids=lambda see: see.__name__.strip("_"))
def test_nothing_grave_is_found(page: Page, address: str, see: Callable[[Page, str], None]) -> None:
    see(page, address)

    assert grave_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
