"""The page's search in a browser: what is found, how it is laid out, and what happens where nothing is."""

import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import browsing, listen
from tests.e2e.photos import MANY, showing_photos

_DOGS = "a brown dog runs through the snow"
_BOXES = """pictures => pictures.map(picture => {
    const { left, top, right, height, width } = picture.getBoundingClientRect();
    return { left, top: Math.round(top), right, height, width };
})"""
_SHIFTED = """new Promise(done => {
    new PerformanceObserver(list => done(list.getEntries().reduce((sum, entry) => sum + entry.value, 0)))
        .observe({ type: 'layout-shift', buffered: true });
    setTimeout(() => done(0), 500);
})"""


@pytest.fixture(scope="module")
def address(postgres: str, embedders_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with showing_photos(tmp_path_factory.mktemp("photos"), postgres, embedders_home) as started:
        yield started


@pytest.fixture(params=[1280, 390])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    with browsing(browser, width=request.param, has_touch=request.param == 390) as opened:
        yield opened


@pytest.fixture
def desk(browser: Browser) -> Iterator[Page]:
    with browsing(browser, width=1280) as opened:
        yield opened


def rows_of(page: Page) -> list[list[dict[str, Any]]]:
    boxes = page.locator("#hits .picture img").evaluate_all(_BOXES)
    return [[box for box in boxes if box["top"] == top] for top in sorted({box["top"] for box in boxes})]


def overflow_of(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def focused(page: Page) -> str | None:
    found = page.evaluate("document.activeElement.closest('li[data-image]')?.dataset.image")
    return None if found is None else str(found)


def test_the_first_look_is_the_newest_images_and_searches_to_begin_with(page: Page, address: str) -> None:
    said = listen(page)
    page.goto(address)
    page.locator("#hits li").nth(39).wait_for()
    example = page.locator("#examples a").first
    text = example.inner_text()
    shifted = page.evaluate(_SHIFTED)

    example.click()
    page.locator("#hits .strong").first.wait_for()

    assert page.get_by_role("searchbox").input_value() == text
    assert page.locator("#examples").is_hidden()
    assert (overflow_of(page), said) == (0, [])
    assert shifted < 0.01


def test_every_row_is_one_height_and_as_wide_as_the_page_but_the_last(page: Page, address: str) -> None:
    page.goto(f"{address}/?folder=animals")
    page.locator("#hits li").nth(39).wait_for()
    rows = rows_of(page)
    right = page.locator("#hits .rows").bounding_box()

    assert right is not None
    for row in rows:
        assert max(box["height"] for box in row) - min(box["height"] for box in row) < 1
    for row in rows[:-1]:
        assert row[-1]["right"] <= right["x"] + right["width"] + 1
    full = [row for row in rows[:-1] if row[-1]["right"] > right["x"] + right["width"] - 2]
    assert len(full) >= len(rows) // 2
    assert {round(box["width"] / box["height"], 1) for row in rows for box in row} <= {0.7, 1.0, 1.3, 1.5, 2.8}


def test_pictures_are_asked_for_in_the_size_that_is_shown(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=red+mug")
    picture = page.locator("#hits img").first
    picture.wait_for()
    natural, shown = picture.evaluate("image => image.decode().then(() => [image.naturalWidth, image.clientWidth])")

    assert 0.8 * shown <= natural <= 3 * shown


def test_weaker_hits_come_after_a_divider_and_bars_compare_with_the_best(page: Page, address: str) -> None:
    page.goto(f"{address}/?q={_DOGS}&strictness=low")
    page.locator("#hits li.weak").first.wait_for()
    titles = page.locator("#hits h2").all_inner_texts()
    shares = page.locator("#hits .match").evaluate_all(
        "bars => bars.map(bar => Number(bar.style.getPropertyValue('--share')))"
    )
    name = page.locator("#hits .picture").first.evaluate("link => link.textContent.trim()")

    assert titles[-1] == "Weak matches"
    assert shares[0] == 1
    assert shares == sorted(shares, reverse=True)
    assert name.startswith("strong match")


def test_where_nothing_matches_it_says_so_and_shows_the_nearest_when_told_to(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=annual+shareholder+meeting+in+Zurich")
    page.get_by_role("heading", name="Nothing in your library matches.").wait_for()
    shown = page.locator("#hits li").count()
    page.get_by_role("button", name="Show the nearest anyway").click()
    page.locator("#hits li.weak").first.wait_for()
    nearest = page.url
    page.get_by_role("button", name="Remove the filter Weak matches, too").click()
    page.get_by_role("heading", name="Nothing in your library matches.").wait_for()

    assert shown == 0
    assert nearest.endswith("&strictness=low")


def test_captions_are_shown_with_what_matched_and_run_nothing(page: Page, address: str) -> None:
    said = listen(page)
    page.goto(f"{address}/?q=script+sprayed+on+a+wall")
    item = page.locator("#hits li").first
    item.wait_for()
    item.hover()

    assert item.locator(".caption").inner_text() == "<script>alert('x')</script> sprayed on a wall."
    assert item.locator("mark").all_inner_texts()[-2:] == ["sprayed", "wall"]
    assert item.locator("img").get_attribute("alt") == "<script>alert('x')</script> sprayed on a wall."
    assert said == []


def test_few_hits_are_larger_and_their_words_stand_beneath(desk: Page, address: str) -> None:
    desk.goto(f"{address}/?folder=animals")
    desk.locator("#hits li").nth(39).wait_for()
    usual = median(box["height"] for row in rows_of(desk)[:-1] for box in row)
    desk.goto(f"{address}/?q=script+sprayed+on+a+wall")
    item = desk.locator("#hits li").first
    item.wait_for()
    picture, words = item.locator("img").bounding_box(), item.locator(".words").bounding_box()
    opacity = item.locator(".words").evaluate("words => getComputedStyle(words).opacity")
    desk.get_by_role("button", name="Show weaker matches, too").click()
    desk.locator("#hits li").nth(39).wait_for()
    hidden = desk.locator("#hits .words").first.evaluate("words => getComputedStyle(words).opacity")

    assert picture is not None
    assert words is not None
    assert picture["height"] > usual
    assert words["y"] >= picture["y"] + picture["height"] - 1
    assert (opacity, hidden) == ("1", "0")


def test_what_looks_the_same_is_one_hit_that_opens(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=red+mug+on+a+wooden+desk")
    more = page.get_by_role("button", name="1 more that looks the same")
    more.wait_for()
    before = page.locator("#hits li").count()
    more.click()
    page.locator("#hits li[data-twin-of]").wait_for()
    opened = page.locator("#hits li").count()
    more.click()

    assert opened == before + 1
    assert page.locator("#hits li").count() == before


def test_arrows_walk_through_the_rows_and_coming_back_goes_on_there(desk: Page, address: str) -> None:
    desk.goto(f"{address}/?folder=animals")
    desk.locator("#hits li").nth(39).wait_for()
    images = desk.locator("#hits li").evaluate_all("items => items.map(item => item.dataset.image)")
    first_row = len(rows_of(desk)[0])

    desk.keyboard.press("/")
    is_in_box = desk.evaluate("document.activeElement.id")
    walked = []
    for key in ("ArrowDown", "ArrowRight", "End", "Home", "ArrowDown", "ArrowUp"):
        desk.keyboard.press(key)
        walked.append(focused(desk))
    for _ in range(4):
        desk.keyboard.press("ArrowDown")
    scrolled, current = desk.evaluate("scrollY"), focused(desk)
    desk.keyboard.press("Enter")
    desk.locator("#image h2").wait_for()
    opened = desk.url
    desk.go_back()
    desk.wait_for_function("() => document.activeElement.matches('#hits .picture')")

    assert is_in_box == "q"
    assert walked[:4] == [images[0], images[1], images[39], images[0]]
    assert walked[4] in images[first_row : 2 * first_row + 2]
    assert walked[5] == images[0]
    assert opened.endswith(f"&image={current}")
    assert (focused(desk), desk.evaluate("scrollY")) == (current, scrolled)
    assert desk.locator('#hits [tabindex="0"].picture').count() == 1


def test_escape_goes_from_the_pictures_to_the_box_and_a_question_mark_shows_the_keys(desk: Page, address: str) -> None:
    desk.goto(f"{address}/?folder=animals")
    desk.locator("#hits .picture").first.focus()
    desk.keyboard.press("?")
    desk.get_by_role("heading", name="Keys").wait_for()
    examples = desk.locator("#help .syntax a").all_inner_texts()
    desk.keyboard.press("Escape")
    is_hidden = desk.get_by_role("heading", name="Keys").is_hidden()
    back = focused(desk)
    desk.keyboard.press("Escape")

    assert (is_hidden, back is not None) == (True, True)
    assert desk.evaluate("document.activeElement.id") == "q"
    assert "tag:" in " ".join(examples)


def test_more_hits_come_by_themselves_while_nobody_loses_their_place(desk: Page, address: str) -> None:
    desk.goto(f"{address}/?folder=animals")
    desk.locator("#hits .picture").nth(39).focus()
    before = focused(desk)
    desk.mouse.wheel(0, 20_000)
    desk.locator("#hits li").nth(MANY - 1).wait_for()

    assert focused(desk) == before
    assert desk.get_by_role("button", name="Show more").is_hidden()


def test_going_back_shows_the_hits_before_where_they_were(desk: Page, address: str) -> None:
    desk.goto(f"{address}/?folder=animals")
    desk.locator("#hits li").nth(39).wait_for()
    desk.mouse.wheel(0, 300)
    desk.wait_for_function("() => scrollY === 300")
    scrolled = desk.evaluate("scrollY")
    desk.keyboard.press("/")
    desk.keyboard.type(_DOGS)
    still = desk.evaluate("scrollY")
    desk.keyboard.press("Enter")
    desk.locator("#hits .match").first.wait_for()
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url) if "/search?" in request.url else None)
    desk.go_back()
    desk.locator("#hits li").nth(39).wait_for()
    desk.wait_for_function("() => scrollY > 0")

    assert still == desk.evaluate("scrollY") == scrolled
    assert asked == []


def test_what_goes_wrong_is_one_sentence_with_a_button_to_try_again(desk: Page, address: str) -> None:
    problem = {"type": "about:blank", "title": "Busy", "status": 503, "detail": "The database has too much to do."}
    desk.route("**/search?*", lambda route: route.fulfill(status=503, json=problem))
    desk.goto(f"{address}/?q=red+mug")
    desk.get_by_text("The database has too much to do.").wait_for()
    desk.unroute("**/search?*")
    desk.get_by_role("button", name="Try again").click()

    desk.locator("#hits .strong").first.wait_for()
    assert desk.get_by_text("The database has too much to do.").count() == 0


def test_a_view_that_does_not_come_is_told_with_a_button_to_try_again(desk: Page, address: str) -> None:
    desk.route("**/overview/overview.js", lambda route: route.abort())
    desk.goto(f"{address}/?q=red+mug")
    desk.get_by_role("link", name="Index").click()
    desk.get_by_text("The service does not answer. Is it still running?").wait_for()
    desk.unroute("**/overview/overview.js")
    desk.get_by_role("button", name="Try again").click()

    desk.get_by_role("heading", name="The index", exact=True).wait_for()


def test_where_filters_leave_nothing_of_a_search_that_is_said(desk: Page, address: str) -> None:
    desk.goto(f"{address}/?q=red+mug&format=gif")
    desk.get_by_role("heading", name="Nothing matches within these filters.").wait_for()
    desk.get_by_role("button", name="Remove the filters").click()

    desk.locator("#hits .strong").first.wait_for()


def test_a_hit_whose_file_is_lost_keeps_its_frame_and_its_words(desk: Page, address: str) -> None:
    desk.route("**/thumbnail?*", lambda route: route.fulfill(status=404))
    desk.goto(f"{address}/?q=red+mug")
    lost = desk.locator("#hits li.lost").first
    lost.wait_for()

    assert lost.evaluate("item => getComputedStyle(item).borderTopWidth") == "0px"
    assert lost.locator("img").evaluate("image => image.clientHeight > 100")


def test_the_header_of_who_signed_in_takes_two_rows_of_a_phone(browser: Browser, address: str) -> None:
    with browsing(browser, width=360, has_touch=True) as page:
        session = {"key_needed": True, "name": "eye", "scopes": ["search"]}
        page.route("**/session", lambda route: route.fulfill(json=session))
        page.goto(f"{address}/?q=red+mug")
        page.get_by_role("button", name="Sign out").wait_for()

        assert page.locator("header").evaluate("header => header.offsetHeight") < 130


def test_an_index_that_is_being_built_is_told_in_a_word(desk: Page, address: str) -> None:
    live = {"id": 1, "state": "live", "prompt_revision": 1, "coverage": 1.0}
    building = {"id": 2, "state": "building", "prompt_revision": 2, "coverage": 0.625}
    desk.route("**/generations", lambda route: route.fulfill(json=[live, building]))
    desk.goto(f"{address}/?q=red+mug")

    expect(desk.get_by_role("link", name="62% rebuilt, serving revision 1")).to_have_attribute("href", "/?view=index")


def test_the_page_speaks_chinese_to_whoever_does_and_can_be_told_otherwise(browser: Browser, address: str) -> None:
    with browsing(browser, width=1280, locale="zh-CN") as page:
        page.goto(f"{address}/?q=annual+shareholder+meeting")
        page.get_by_role("heading", name="您的图库中没有匹配的图片。").wait_for()
        spoken = page.evaluate("document.documentElement.lang")
        left = re.findall("[a-z]{4,}", page.locator("header nav, #filters").first.inner_text())
        page.get_by_role("button", name="English").click()
        page.get_by_role("heading", name="Nothing in your library matches.").wait_for()
        page.goto(f"{address}/?q=red+mug&lang=zh")
        page.get_by_role("button", name="文件夹").wait_for()

        assert (spoken, left) == ("zh-Hans", [])
        assert page.url == f"{address}/?q=red+mug"


def test_the_keyboard_reaches_the_content_without_passing_the_header(desk: Page, address: str) -> None:
    desk.goto(f"{address}/?q=red+mug")
    desk.locator("#hits .picture").first.wait_for()
    desk.keyboard.press("Tab")
    skip = desk.evaluate("document.activeElement.textContent")
    desk.keyboard.press("Enter")

    assert skip == "Skip to the content"
    assert desk.evaluate("document.activeElement.id") == "main"
