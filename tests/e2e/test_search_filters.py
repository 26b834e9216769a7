"""The page's filters in a browser: chips, their panels, and what is typed in the box."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.conftest import browsing
from tests.e2e.photos import showing_photos

_FACETS = {
    "folders": [{"folder": "animals", "images": 45}, {"folder": "home", "images": 2}, {"folder": "town", "images": 1}],
    "years": [{"year": 2024, "images": 2}, {"year": 2020, "images": 6}],
    "origins": [{"origin": "original", "images": 48}],
    "tags": [{"tag": "red", "images": 2}],
    "has_text": 1,
    "contains_people": 7,
}


@pytest.fixture(scope="module")
def address(postgres: str, embedders_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with showing_photos(tmp_path_factory.mktemp("photos"), postgres, embedders_home) as started:
        yield started


@pytest.fixture(params=[1280, 390])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    with browsing(browser, width=request.param, has_touch=request.param == 390) as opened:
        yield opened


def count(page: Page, images: int) -> None:
    """Wait for so many hits."""
    expect(page.locator("#hits li")).to_have_count(images)


def test_folders_are_ticked_counted_at_once_and_taken_back(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=a+red+mug&strictness=low")
    page.get_by_role("button", name="Folder").click()
    home = page.get_by_role("checkbox", name="home")
    home.check()
    count(page, 1)
    ticked = page.url
    page.get_by_role("checkbox", name="town").check()
    count(page, 2)
    both = page.url
    page.keyboard.press("Escape")
    is_closed = page.get_by_role("checkbox", name="home").is_hidden()
    focused = page.evaluate("document.activeElement.textContent")
    page.get_by_role("button", name="Remove the filter home +1").click()
    page.locator("#hits li").nth(9).wait_for()
    page.go_back()
    count(page, 2)

    assert re.search(r"&strictness=low&folder=[^&]*home$", ticked)
    assert both == page.url
    assert re.fullmatch(re.escape(ticked) + r"&folder=[^&]*town", both)
    assert (is_closed, focused) == (True, "home +1")


def test_dates_are_checked_before_they_count(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=a+red+mug&strictness=low")
    page.get_by_role("button", name="Date").click()
    page.get_by_label("From").fill("last summer")
    page.keyboard.press("Enter")
    hint = page.locator(".panel .note.bad")
    hint.wait_for()
    page.get_by_label("From").fill("2024")
    page.keyboard.press("Enter")
    count(page, 1)

    assert page.url.endswith("&taken_gte=2024")
    assert page.get_by_role("button", name="since 2024", exact=True).is_visible()
    assert hint.is_hidden()


def test_an_impossible_date_in_the_address_is_told_in_one_sentence(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=a+red+mug&taken_gte=last+summer")
    told = page.get_by_role("alert")
    told.wait_for()
    sentence = told.inner_text()
    page.get_by_role("button", name="Remove the filters").click()
    page.locator("#hits li").first.wait_for()

    assert "last summer" in sentence
    assert page.url == f"{address}/?q=a+red+mug"


def test_filters_without_words_list_what_they_let_through(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="Text").click()
    page.get_by_role("radio", name="With text").check()
    count(page, 1)

    assert page.url == f"{address}/?has_text=true"
    assert page.locator("#hits .match").count() == 0
    assert page.get_by_role("heading", name="Newest first").is_visible()


def test_filters_that_let_nothing_through_can_all_be_removed(page: Page, address: str) -> None:
    page.goto(f"{address}/?folder=home&origin=edit")
    page.get_by_role("heading", name="Nothing passes these filters.").wait_for()
    page.get_by_role("button", name="Remove the filters").click()

    page.locator("#hits li").nth(39).wait_for()
    assert page.url == f"{address}/"


def test_what_is_typed_in_the_box_is_a_chip_and_goes_with_it(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=a+mug+folder:home+-is:edit&strictness=low&format=JPEG")
    page.locator("#hits li").first.wait_for()
    chips = page.locator("#filters .others .chip > span").all_inner_texts()
    page.get_by_role("button", name="Remove the filter folder:home").click()
    page.locator("#hits li").nth(9).wait_for()

    assert chips == ["format: JPEG", "folder:home", "-is:edit", "Weak matches, too"]
    assert page.get_by_role("searchbox").input_value() == "a mug -is:edit"


def test_people_are_a_filter_where_the_library_knows_of_them(page: Page, address: str) -> None:
    page.route("**/stats/facets", lambda route: _fulfil(route, {**_FACETS, "contains_people": None}))
    page.goto(f"{address}/?q=mug")
    page.locator("#hits li").first.wait_for()
    is_offered = page.get_by_role("button", name="People").is_visible()
    page.unroute("**/stats/facets")
    page.route("**/stats/facets", lambda route: _fulfil(route, _FACETS))
    page.reload()
    page.get_by_role("button", name="People").click()
    page.get_by_role("radio", name="Without people").check()
    page.wait_for_url("**&contains_people=false")

    assert not is_offered


def test_without_counts_folders_are_typed(page: Page, address: str) -> None:
    page.route("**/stats/facets", lambda route: route.fulfill(status=404, json={"detail": "There is no such path."}))
    page.goto(f"{address}/?q=a+red+mug&strictness=low")
    page.get_by_role("button", name="Folder").click()
    page.get_by_role("textbox", name="Folder").fill("home")
    page.keyboard.press("Enter")

    count(page, 1)
    assert page.get_by_role("textbox", name="Folder").is_hidden()


def test_counts_fill_the_panels(page: Page, address: str) -> None:
    page.route("**/stats/facets", lambda route: _fulfil(route, _FACETS))
    page.goto(f"{address}/?q=a+red+mug&strictness=low")
    page.get_by_role("button", name="Date").click()
    page.get_by_role("button", name="2024").click()
    count(page, 1)
    label = page.locator("#filters .open").nth(1).inner_text()
    page.get_by_role("button", name="Folder").click()
    folders = page.locator(".panel .options label").all_inner_texts()
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")

    assert (label, overflow) == ("2024", 0)
    assert [" ".join(text.split()) for text in folders] == ["animals 45", "home 2", "town 1"]


def _fulfil(route: Route, facets: dict[str, object]) -> None:
    route.fulfill(json=facets)
