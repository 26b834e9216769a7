"""The image page in a browser: what is known of an image, where it comes from, and having it edited."""

from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Page

from indexer.catalog.store import Store
from indexer.models import ImageId
from tests.e2e.conftest import Command, browsing, listen, serving, wait_until
from tests.factories import add_edit, make_facts, make_output, make_source
from tests.fakes.edit_scripts import IMAGE_SAFETY, ByInstruction, Hangs
from tests.fakes.edits import paint
from tests.fakes.gemini_server import FakeGemini
from tests.fakes.openai_server import FakeOpenAI, Fault

_HOSTILE = "<img src=x onerror=alert(1)> Make it night."


@pytest.fixture
def address(editing: Command) -> Iterator[str]:
    with serving(editing) as started, httpx2.Client(base_url=started) as client:
        wait_until(lambda: client.get("/health/ready").status_code == 200)
        yield started


@pytest.fixture
def page() -> Iterator[Page]:
    with browsing() as opened:
        yield opened


def ask_for(page: Page, instruction: str) -> None:
    page.get_by_label("What is to be changed?").fill(instruction)
    page.get_by_role("button", name="Make the edit").click()


def test_a_hit_leads_to_its_image_and_back_leads_to_the_hits(page: Page, address: str) -> None:
    said = listen(page)
    page.goto(f"{address}/?q=red+mug+on+a+desk&strictness=low")
    page.locator("#hits li").nth(5).wait_for()
    picture = page.locator("#hits .picture").nth(5)
    picture.focus()
    scrolled = page.evaluate("scrollY")
    number = page.locator("#hits li").nth(5).get_attribute("data-image")

    page.keyboard.press("Enter")
    page.locator("#image h2").wait_for()
    shown = (page.url, page.locator("#image .sentences li").first.inner_text(), page.locator(".by").first.inner_text())
    file = page.get_by_role("link", name="Open the file").get_attribute("href")
    alone = page.locator("#image .alone").inner_text()
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    page.go_back()
    page.wait_for_function("document.activeElement.matches('#hits .picture')")
    focused = page.evaluate("document.activeElement.closest('li').dataset.image")
    back = page.evaluate("scrollY")
    page.go_forward()
    page.locator("#image h2").wait_for()

    assert shown[0] == page.url == f"{address}/?q=red+mug+on+a+desk&strictness=low&image={number}"
    assert shown[1].startswith("A ")
    assert shown[2] == "By gpt-4o-mini, prompt revision 1"
    assert (file, alone) == (f"/images/{number}/file", "An original; nothing has been made of it so far.")
    assert (focused, back, overflow) == (number, scrolled, 0)
    assert said == []


def test_an_edit_is_made_shown_and_has_a_page_of_its_own(page: Page, address: str, gemini_server: FakeGemini) -> None:
    gemini_server.edits.answer = ByInstruction({"night": Hangs(1.5, paint)})
    said = listen(page)
    page.goto(f"{address}/?image=1")

    ask_for(page, _HOSTILE)
    page.get_by_text("is making it").wait_for()
    page.reload()  # the address says what is being made
    page.get_by_text("Searches find it from now on").wait_for()
    children = page.locator(".strip img").count()
    page.get_by_role("link", name="Open the new image").click()
    page.locator("#image h2", has_text="Make it night").wait_for()
    title, strip = page.locator("#image h2").inner_text(), page.locator(".strip .made-by").all_inner_texts()
    is_large = page.locator("#image .large").evaluate("image => image.decode().then(() => image.naturalWidth)")
    page.get_by_role("searchbox").fill("glowing jellyfish")
    page.keyboard.press("Enter")
    origin = page.locator("#hits li .origin").first
    origin.wait_for()
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")

    assert (children, title, is_large) == (2, _HOSTILE, 1024)
    assert (strip[0].startswith("picture-"), strip[1:]) == (True, [f"“{_HOSTILE}”"])
    assert (origin.inner_text(), overflow) == (f"edited: {_HOSTILE}", 0)
    assert len(gemini_server.edits.accepted) == 1
    assert said == []


def test_what_was_made_before_is_shown_at_no_cost_and_another_can_be_made(
    page: Page, address: str, gemini_server: FakeGemini
) -> None:
    page.goto(f"{address}/?image=1")
    ask_for(page, "Make it night.")
    page.get_by_text("Searches find it from now on").wait_for()

    page.get_by_role("button", name="Make the edit").click()
    page.get_by_text("Made before, at no new cost").wait_for()
    paid = len(gemini_server.edits.accepted)
    page.get_by_role("button", name="Make another one").click()
    page.get_by_text("Done, for").wait_for()
    page.locator(".strip img").nth(2).wait_for()

    assert (paid, len(gemini_server.edits.accepted)) == (1, 2)


def test_a_refused_edit_says_why_and_is_tried_again_on_purpose(
    page: Page, address: str, gemini_server: FakeGemini
) -> None:
    gemini_server.edits.answer = ByInstruction({"night": IMAGE_SAFETY})
    page.goto(f"{address}/?image=1")

    ask_for(page, "Make it night.")
    page.get_by_text("It failed:").wait_for()
    gemini_server.edits.answer = paint
    page.reload()
    reason = page.get_by_text("It failed:").inner_text()
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("link", name="Open the new image").wait_for()

    assert "IMAGE_SAFETY" in reason
    assert page.get_by_role("button", name="Try again").is_hidden()
    assert page.get_by_role("button", name="Make another one").is_visible()


def test_an_edit_under_way_and_the_last_search_are_not_forgotten(
    page: Page, address: str, gemini_server: FakeGemini
) -> None:
    gemini_server.edits.answer = ByInstruction({"night": Hangs(6, paint)})
    page.goto(f"{address}/?image=1")
    direct = page.locator(".back").inner_text()
    ask_for(page, "Make it night.")
    page.get_by_text("is making it").wait_for()

    page.get_by_role("searchbox").fill("red mug")
    page.keyboard.press("Enter")
    page.locator("#hits li").first.wait_for()
    page.goto(f"{address}/?q=red+mug&image=1")
    page.get_by_text("is making it").wait_for()
    box, back = page.get_by_label("What is to be changed?").input_value(), page.locator(".back").inner_text()
    page.get_by_text("Searches find it from now on").wait_for()

    assert (direct, box, back) == ("← Search", "Make it night.", "← “red mug”")
    assert len(gemini_server.edits.accepted) == 1


def test_an_edit_that_is_only_told_to_wait_says_so(page: Page, address: str) -> None:
    told = {"state": "sent", "reason": "The endpoint is busy.", "model": "m", "api_format": "gemini"}
    page.route("**/edits/5", lambda route: route.fulfill(json={**told, "turns": [{"instruction": "Make it night."}]}))
    page.goto(f"{address}/?image=1&edit=5")

    page.get_by_text("The endpoint is busy.").wait_for()

    assert page.get_by_role("button", name="Make the edit").is_disabled()


def test_a_mask_is_called_one_and_cannot_be_edited(page: Page, address: str, editing: Command) -> None:
    with Store(editing.variables["DATABASE_URL"]) as store, store.runs.running("test", {}) as run_id:
        mask = store.edits.register_mask(make_facts("mask", format="PNG"))
        sources = [make_source(1), make_source(mask, 1, role="mask", file="/masks/hole.png")]
        [night] = add_edit(store, run_id, "Make it night.", sources, [make_output("night")])
        add_edit(store, run_id, "Add snow.", [make_source(night)], [make_output("snow")])
        add_edit(store, run_id, "Add rain.", [make_source(night)], [make_output("rain")])
    page.goto(f"{address}/?image={mask}")
    page.locator("#image h2", has_text="hole.png").wait_for()
    facts, is_editable = page.locator("#image .subtitle").inner_text(), page.locator("#image .edit").is_visible()
    titles = page.locator(".strip h4").all_inner_texts()
    below = page.locator(".family .family .made-by").all_inner_texts()
    page.goto(f"{address}/?image={night}")
    page.locator(".strip .role").first.wait_for()

    assert (facts.startswith("mask · "), is_editable) == (True, False)
    assert titles == ["This image", "Mask of"]
    assert below == ["“Add snow.”", "“Add rain.”"]
    assert page.locator(".strip .role").all_inner_texts() == ["mask"]


def test_an_image_without_a_caption_is_told_to_be_found_by_no_search(
    page: Page, address: str, openai_server: FakeOpenAI
) -> None:
    openai_server.answer = lambda _: Fault(status=401, message="Incorrect API key provided")
    page.goto(f"{address}/?image=1")

    ask_for(page, "Make it night.")
    page.get_by_text("it could not be captioned: no search finds it yet").wait_for()
    page.get_by_role("link", name="Open the new image").click()
    page.get_by_text("Nothing has been said of it so far.").wait_for()


def test_an_edit_that_cannot_be_done_says_so_beside_the_box(page: Page, address: str) -> None:
    page.goto(f"{address}/?image=1")
    page.get_by_text("Model", exact=True).first.click()
    page.get_by_label("Format").select_option("openai")
    page.get_by_label("Model", exact=True).fill("dall-e-2")
    ask_for(page, "A" * 1_100)
    page.get_by_text("This edit cannot be done: the instruction has 1,100 characters").wait_for()
    is_ready = page.get_by_role("button", name="Make the edit").is_enabled()
    page.goto(f"{address}/?image=999")
    missing = page.get_by_text("There is no image 999.")
    missing.wait_for()

    assert is_ready
    assert page.locator("#image").inner_text() == ""


def test_a_lost_parent_is_told_in_words(page: Page, address: str, editing: Command) -> None:
    with Store(editing.variables["DATABASE_URL"]) as store, store.runs.running("test", {}) as run_id:
        [night] = add_edit(store, run_id, "Make it night.", [make_source(1)], [make_output("night")])
        store.images.drop_locations(store.images.get_image(ImageId(1)).locations)
    page.goto(f"{address}/?image={night}")
    lost = page.locator(".strip .lost")
    lost.first.wait_for()

    assert lost.first.inner_text() == "Lost: its file is no longer there."
    assert page.locator(".strip .made-by").all_inner_texts() == ["image 1", "“Make it night.”"]
    assert page.get_by_role("button", name="Make the edit").is_hidden()
