"""Writing a caption better on the image page: found by the new words, taken back, with models that only suggest."""

from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.conftest import Command, browsing, listen, serving, wait_until
from tests.fakes.openai_server import FakeOpenAI, Fault, caption_reply

_TRACTOR = "My grandmother's old steam tractor."


@pytest.fixture
def address(indexed: Command) -> Iterator[str]:
    with serving(indexed) as started, httpx2.Client(base_url=started) as client:
        wait_until(lambda: client.get("/health/ready").status_code == 200)
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browsing(browser, width=1280) as opened:
        yield opened


def write(page: Page, text: str) -> None:
    """Open the form of what an image shows, and write a text into it."""
    page.get_by_role("button", name="Write it better: What it shows").click()
    page.get_by_label("Your words, one sentence a line").fill(text)


def save(page: Page) -> None:
    """Save what is written, and wait until it is told to be a person's; an embedder may have to be loaded first."""
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#image .kind .told > .by", has_text="Written by a person")).to_be_visible(timeout=60_000)


def served(address: str, image: int) -> list[str]:
    captions = httpx2.get(f"{address}/images/{image}").json()["captions"]
    return next(caption["sentences"] for caption in captions if caption["kind"] == "retrieval")


def find(address: str, query: str) -> list[int]:
    return [hit["image_id"] for hit in httpx2.get(f"{address}/search", params={"q": query}).json()["hits"]]


def test_a_correction_is_found_by_its_words_and_can_be_taken_back(page: Page, address: str) -> None:
    said = listen(page)
    before = served(address, 3)
    page.goto(f"{address}/?image=3")
    write(page, f"{_TRACTOR}\n\n  It stands in the barn.  ")
    save(page)
    expect(page.locator("#told")).to_have_text("Saved. Searches find it by these words from now on.")
    shown = page.locator("[data-kind=retrieval] .sentences").first.inner_text()
    by = page.locator("[data-kind=retrieval] .by").first.inner_text()
    keywords = page.locator("[data-kind=retrieval] .keywords").first.inner_text()
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    written, found = served(address, 3), find(address, "steam tractor in a barn")

    page.get_by_role("button", name="Write it better: What it shows").click()
    page.get_by_role("button", name="Take back").click()
    by_model = page.locator("[data-kind=retrieval] .told > .by", has_text="By gpt-4o-mini, prompt revision 1")
    expect(by_model).to_be_visible(timeout=60_000)

    assert written == [_TRACTOR, "It stands in the barn."]
    assert (shown.splitlines(), by) == (written, "Written by a person")
    assert "boat" in keywords
    assert found[0] == 3
    assert focused == "Write it better: What it shows"
    assert served(address, 3) == before
    assert said == []


def test_what_a_model_says_is_only_shown_until_a_person_takes_and_saves_it(
    page: Page, address: str, openai_server: FakeOpenAI
) -> None:
    openai_server.answer = lambda _: caption_reply("A glowing jellyfish.", "Something drifts in the sea.")
    before, asked = served(address, 3), len(openai_server.accepted)
    page.goto(f"{address}/?image=3")
    write(page, _TRACTOR)
    page.get_by_role("button", name="Ask the model again").click()
    suggestion = page.locator(".suggestion", has_text="glowing jellyfish")
    suggestion.wait_for()
    untouched = page.get_by_label("Your words, one sentence a line").input_value()
    by = suggestion.locator(".by").inner_text()
    suggestion.get_by_role("button", name="Use this text").click()
    taken, unsaved = page.get_by_label("Your words, one sentence a line").input_value(), served(address, 3)
    save(page)

    assert untouched == _TRACTOR
    assert by.startswith("By gpt-4o-mini, ")
    assert "just now, $0.0002" in by
    assert (taken, unsaved) == ("A glowing jellyfish.\nSomething drifts in the sea.", before)
    assert served(address, 3) == ["A glowing jellyfish.", "Something drifts in the sea."]
    assert len(openai_server.accepted) == asked + 1


def test_going_back_to_the_hits_shows_the_new_words(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=steam+train")
    page.locator("#hits .picture").first.click()
    write(page, "An old steam train, which my grandmother drove.")
    save(page)
    page.go_back()

    expect(page.locator("#hits .caption").first).to_contain_text("grandmother", timeout=30_000)


def test_a_form_that_is_closed_while_it_is_saved_is_saved(page: Page, address: str) -> None:
    said, held = listen(page), list[Route]()

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/captions/retrieval", hold)
    page.goto(f"{address}/?image=3")
    write(page, _TRACTOR)
    with page.expect_request("**/captions/retrieval"):
        page.get_by_role("button", name="Save").click()
    page.keyboard.press("Escape")
    held[0].continue_()

    expect(page.locator("#image .kind .told > .by", has_text="Written by a person")).to_be_visible(timeout=60_000)
    assert said == []


def test_a_model_that_fails_says_why_and_the_text_stays(page: Page, address: str, openai_server: FakeOpenAI) -> None:
    openai_server.answer = lambda _: Fault(status=401, message="Incorrect API key provided")
    page.goto(f"{address}/?image=3")
    write(page, _TRACTOR)
    page.get_by_role("button", name="Ask the model again").click()
    page.locator(".correcting .progress.bad", has_text="Incorrect API key").wait_for()

    assert page.get_by_label("Your words, one sentence a line").input_value() == _TRACTOR
    assert page.get_by_role("button", name="Save").is_enabled()


def test_an_unsaved_text_survives_escape_another_view_and_a_reload(page: Page, address: str) -> None:
    page.goto(f"{address}/?image=3")
    write(page, _TRACTOR)
    page.keyboard.press("Escape")
    page.get_by_text("Not saved, but kept").wait_for()
    is_still_here = page.url.endswith("image=3")
    page.get_by_role("link", name="Index").click()
    page.get_by_role("heading", name="The index", exact=True).wait_for()
    page.go_back()
    page.get_by_text("This text of yours is not saved yet.").wait_for()
    page.reload()
    page.get_by_text("This text of yours is not saved yet.").wait_for()
    kept = page.get_by_label("Your words, one sentence a line").input_value()
    page.get_by_role("button", name="Discard").click()
    page.reload()
    page.locator("#image .sentences").first.wait_for()

    assert (is_still_here, kept) == (True, _TRACTOR)
    assert page.locator(".correcting").count() == 0
    assert served(address, 3) != [_TRACTOR]


def test_an_alternative_text_is_written_where_there_was_none(page: Page, address: str) -> None:
    page.goto(f"{address}/?image=3")
    page.get_by_role("button", name="Alternative text").click()
    box = page.get_by_label("Your words, in at most 125 characters")
    box.fill("a" * 126)
    page.get_by_role("button", name="Save").click()
    page.locator(".correcting .progress.bad", has_text="at most 125 characters").wait_for()
    box.fill("A steam tractor in a barn.")
    save(page)
    page.reload()
    page.locator("#image .large").wait_for()

    assert page.locator("#image .large").get_attribute("alt") == "A steam tractor in a barn."


def test_a_hostile_correction_is_inert(page: Page, address: str) -> None:
    said = listen(page)
    page.goto(f"{address}/?image=3&q=tractor")
    write(page, "<img src=x onerror=alert(1)> tractor <b>bold</b>")
    save(page)
    page.locator(".matched mark", has_text="tractor").wait_for()

    assert page.locator("#image .sentences").first.inner_text() == "<img src=x onerror=alert(1)> tractor <b>bold</b>"
    assert "<img src=x onerror=alert(1)>" in page.locator(".matched").inner_text()
    assert said == []
