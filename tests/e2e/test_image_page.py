"""The image page in a browser: what is known of an image, where it comes from, and having it edited."""

from collections.abc import Iterator

import httpx2
import psycopg
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from indexer.catalog.store import Store
from indexer.models import ImageId
from tests.e2e.conftest import Command, browsing, listen, serving, wait_until
from tests.e2e.subjects import SUBJECTS
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
def page(browser: Browser) -> Iterator[Page]:
    with browsing(browser) as opened:
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
    shown = (
        page.url,
        page.locator("#image .sentences li").first.inner_text(),
        page.locator(".captions .by").first.inner_text(),
    )
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
    assert page.locator("#image img").count() == 0


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


def see(page: Page, address: str) -> None:
    """Show an address and wait for its image."""
    page.goto(address)
    page.locator("#image h2").wait_for()


def find(address: str, query: str) -> int:
    """Return the image that a query finds first: which was indexed first is chance."""
    return int(httpx2.get(f"{address}/search", params={"q": query}).json()["hits"][0]["image_id"])


def test_keys_lead_to_the_neighbours_to_the_full_size_and_back(page: Page, address: str) -> None:
    see(page, f"{address}/?q=red+mug+on+a+desk&strictness=low&image=1")
    place = page.locator(".way .place")
    expect(place).to_have_text(f"1 of {len(SUBJECTS)}")
    entries = page.evaluate("history.length")
    first_has_previous = page.locator(".way .previous").is_visible()
    page.keyboard.press("ArrowRight")
    expect(place).to_have_text(f"2 of {len(SUBJECTS)}")
    second = page.url
    page.get_by_role("link", name="Previous image").click()
    expect(place).to_have_text(f"1 of {len(SUBJECTS)}")
    page.keyboard.press("f")
    full = page.get_by_role("dialog", name="Full size").locator("img")
    width = full.evaluate("image => image.decode().then(() => image.naturalWidth)")
    page.keyboard.press("ArrowRight")  # the dialog has the keyboard
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    is_still_first = "image=1" in page.url
    page.keyboard.press("Escape")
    page.locator("#hits .picture").first.wait_for()

    assert not first_has_previous
    assert second != page.url
    assert (width, is_still_first) == (64, True)
    assert page.evaluate("history.length") == entries + 1
    assert page.url == f"{address}/?q=red+mug+on+a+desk&strictness=low"


def test_it_says_why_it_matched_and_takes_a_verdict(page: Page, address: str) -> None:
    said = listen(page)
    see(page, f"{address}/?q=red+mug+in+the+kitchen&image={find(address, 'red mug')}")
    why = page.locator(".why")
    expect(why.locator(".measures .value")).to_have_count(3)
    reason = why.locator(".reason").inner_text()
    lacking, having = why.locator(".lacks").all_inner_texts(), why.locator(".has").all_inner_texts()
    matched = why.locator(".matched mark").all_inner_texts()
    page.locator(".fits").get_by_role("button", name="Relevant", exact=True).click()
    wait_until(lambda: bool(httpx2.get(f"{address}/feedback?query=red+mug+in+the+kitchen").json()["judgements"]))
    page.reload()
    pressed = page.locator(".fits [aria-pressed=true]")
    pressed.wait_for()

    assert reason.endswith(".")
    assert [word.split()[0] for word in having] == ["red", "mug"]
    assert [word.split()[0] for word in lacking] == ["kitchen"]
    assert matched == ["red", "mug"]
    assert pressed.get_attribute("aria-label") == "Relevant"
    assert said == []


def test_it_says_why_it_did_not_match_by_the_whole_search(page: Page, address: str) -> None:
    titles, mug = [], find(address, "red mug")
    for more in ("", "&strictness=low", "&strictness=low&format=png"):
        see(page, f"{address}/?q=violin+on+a+chair{more}&image={mug}")
        page.locator(".why .reason").wait_for()
        titles.append(page.locator(".why h3").inner_text())
    reason = page.locator(".why .reason").inner_text()

    assert titles == ["Why it did not match", "Why it matched", "Why it did not match"]
    assert "format" in reason


def test_the_header_tells_what_is_asked_for_in_every_view(page: Page, address: str) -> None:
    box, thumb = page.get_by_role("searchbox"), page.locator("#asked-picture img")
    mug = find(address, "red mug")
    page.goto(f"{address}/?q=red+mug")
    page.locator("#hits .picture").first.click()
    clicked = box.input_value()
    page.locator(".similar .row a").first.click()
    page.locator("#asked-picture").wait_for()
    like = (box.input_value(), thumb.get_attribute("src"))
    page.reload()
    page.locator("#asked-picture").wait_for()
    page.get_by_role("link", name="Index").click()
    page.get_by_role("heading", name="The index", exact=True).wait_for()
    elsewhere = (box.input_value(), page.locator("#asked-picture").is_hidden())

    assert clicked == "red mug"
    assert like == ("", f"/images/{mug}/thumbnail?size=160")
    assert elsewhere == ("", True)


def test_an_image_that_is_not_there_is_told_and_stays_told(page: Page, address: str) -> None:
    with page.expect_response("**/search?*"):
        page.goto(f"{address}/?q=red+mug&image=99999")
    page.locator("#hits li").first.wait_for(state="attached")

    expect(page.get_by_role("alert")).to_have_text("There is no image 99999.")
    page.get_by_role("link", name="← “red mug”").click()
    page.locator("#hits .picture").first.wait_for()


def test_what_is_typed_while_an_image_loads_stays(page: Page, address: str) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/lineage", hold)
    with page.expect_request("**/lineage"):
        page.goto(f"{address}/?q=red+mug&image={find(address, 'red mug')}", wait_until="commit")
    page.get_by_role("searchbox").fill("a viol")
    held[0].continue_()
    page.locator(".place", has_text="1 of").wait_for()

    assert page.get_by_role("searchbox").input_value() == "a viol"


def test_similar_images_and_keywords_lead_on(page: Page, address: str) -> None:
    see(page, f"{address}/?image=1")
    tiles = page.locator(".similar .row img")
    tiles.first.wait_for()
    alternatives = tiles.evaluate_all("images => images.map((image) => image.alt)")
    page.get_by_role("link", name="See all").click()
    page.locator("#hits li").first.wait_for()
    similar = page.url
    page.go_back()
    page.get_by_role("link", name="mug", exact=True).click()
    expect(page.locator("#hits li")).to_have_count(1)

    assert all(alternatives)
    assert similar == f"{address}/?like=1"
    assert "tag%3Amug" in page.url


def test_captions_and_hashes_are_copied_and_that_is_said(page: Page, address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    see(page, f"{address}/?image=1")
    page.get_by_role("button", name="Copy: What it shows").click()
    expect(page.locator("#told")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    page.get_by_role("button", name="Copy: SHA-256").click()
    page.wait_for_function("navigator.clipboard.readText().then((text) => /^[0-9a-f]{64}$/.test(text))")

    assert copied == "A red mug on a desk.\nSomebody took this of a red mug on a desk."
    assert page.locator("#told").get_attribute("role") == "status"


def test_facts_are_told_in_words_without_a_map(page: Page, address: str, editing: Command) -> None:
    with psycopg.connect(editing.variables["DATABASE_URL"]) as connection:
        connection.execute(
            "UPDATE image SET latitude = -33.85678, longitude = 151.2153, camera = 'Nikon <FE>',"
            " taken_at = '2019-05-04 14:30' WHERE id = 1"
        )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    see(page, f"{address}/?image=1")
    page.locator(".similar .row img").first.wait_for()
    facts = page.locator(".about dl").inner_text()

    assert "33.85678° S, 151.21530° E" in facts
    assert "Nikon <FE>" in facts
    assert "4 May 2019" in facts
    assert "64 × 48" in facts
    assert page.get_by_role("link", name="Download").get_attribute("download") == "picture-000.jpg"
    assert all(url.startswith((address, "blob:")) for url in asked)


def test_a_lost_file_is_told_and_its_captions_stay(page: Page, address: str, editing: Command) -> None:
    with psycopg.connect(editing.variables["DATABASE_URL"]) as connection:
        connection.execute("UPDATE location SET location = '/nowhere/gone.jpg' WHERE image_id = 1")
    see(page, f"{address}/?image=1")

    expect(page.locator(".stage")).to_have_text("The file of this image is no longer where it was.")
    expect(page.locator("#image .sentences li").first).to_have_text("A red mug on a desk.")
    expect(page.get_by_role("link", name="Open the file")).to_be_hidden()


def test_who_may_only_search_sees_nothing_that_writes(page: Page, address: str) -> None:
    page.route(
        "**/session", lambda route: route.fulfill(json={"key_needed": True, "name": "eye", "scopes": ["search"]})
    )
    see(page, f"{address}/?q=red+mug&image=1")
    page.locator(".similar .row img").first.wait_for()

    expect(page.locator(".pencil").first).to_be_hidden()
    expect(page.locator(".fits")).to_be_hidden()
    expect(page.get_by_role("button", name="Make the edit")).to_be_hidden()
    expect(page.get_by_role("button", name="Alternative text")).to_be_hidden()
    expect(page.get_by_role("button", name="Copy: What it shows")).to_be_visible()


def test_the_image_page_speaks_chinese(browser: Browser, address: str) -> None:
    with browsing(browser, locale="zh-CN") as page:
        see(page, f"{address}/?q=red+mug&image=1")
        expect(page.get_by_role("heading", name="画面内容")).to_be_visible()
        expect(page.get_by_role("heading", name="为何匹配")).to_be_visible()
        by = page.locator("[data-kind=retrieval] .by").first.inner_text()
        lang = page.evaluate("[document.documentElement.lang, document.querySelector('.sentences li').lang]")

    assert by == "由 gpt-4o-mini 生成，提示词第 1 版"
    assert lang == ["zh-Hans", "en"]
