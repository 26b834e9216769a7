"""The try-out panel in a browser: captions that are only looked at, side by side, and an upload that is indexed."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Command, browsing, listen, serving, wait_until
from tests.e2e.subjects import SUBJECTS
from tests.fakes.openai_server import Asked, FakeOpenAI, Fault, Reply, caption_reply
from tests.images import image_bytes

_HOSTILE = "<img src=x onerror=alert(1)> A glowing jellyfish."
_NEW = len(SUBJECTS) + 7  # a picture that nobody has seen


def name_model(asked: Asked) -> Reply:
    return caption_reply(f"{_HOSTILE} So says {asked.body['model']}.", keywords=("sea", "glow"))


@pytest.fixture
def address(indexed: Command, openai_server: FakeOpenAI) -> Iterator[str]:
    openai_server.answer = name_model
    with serving(indexed) as started, httpx2.Client(base_url=started) as client:
        wait_until(lambda: client.get("/health/ready").status_code == 200)
        yield started


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with browsing(browser, width=1280) as opened:
        opened.goto(f"{address}/?view=try")
        opened.get_by_role("radio", name="openai").wait_for()
        yield opened


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "jellyfish.png"
    path.write_bytes(image_bytes(_NEW, "PNG"))
    return path


def count_images(address: str) -> Any:
    return httpx2.get(f"{address}/stats").json()["images"]


def test_two_models_are_compared_and_nothing_is_indexed(
    page: Page, address: str, picture: Path, openai_server: FakeOpenAI
) -> None:
    said, before, asked = listen(page), count_images(address), len(openai_server.accepted)
    page.set_input_files("#tryout input[type=file]", picture)
    preview = page.locator(".drop img")
    expect(preview).to_have_attribute("alt", "Your picture: jellyfish.png")
    shown = preview.evaluate("image => image.decode().then(() => image.naturalWidth)")
    page.get_by_role("button", name="Caption it").click()
    expect(page.locator(".result")).to_contain_text("So says gpt-4o-mini.")
    page.get_by_role("textbox", name="Model").fill("gpt-4o")
    page.get_by_role("button", name="Caption it").click()
    expect(page.locator(".result").first).to_contain_text("So says gpt-4o.")
    results = page.locator(".result").all_inner_texts()
    page.get_by_role("link", name="Index").click()
    page.get_by_role("heading", name="The index", exact=True).wait_for()
    page.go_back()
    kept = page.locator(".result").all_inner_texts()
    page.get_by_role("button", name="Take this answer away").first.click()

    assert shown == 64
    assert all(_HOSTILE in result for result in results)
    assert "1,000 tokens read, 100 written" in results[0]
    assert "$0.0035" in results[0]
    assert "nothing was indexed" in results[0]
    assert kept == results
    assert page.locator(".result").count() == 1
    assert (count_images(address), len(openai_server.accepted)) == (before, asked + 2)
    assert said == []


def test_an_upload_is_indexed_found_and_known_the_next_time(page: Page, address: str, picture: Path) -> None:
    before = count_images(address)
    page.set_input_files("#tryout input[type=file]", picture)
    page.get_by_role("button", name="Upload and index it").click()
    expect(page.locator(".result")).to_contain_text("Searches find it from now on.")
    page.get_by_role("button", name="Upload and index it").click()
    expect(page.locator(".result").first).to_contain_text("Known already")
    page.get_by_role("link", name="Open its page").first.click()
    page.locator("#image h2").wait_for()
    sentence = page.locator("#image .sentences li").first.inner_text()
    number = int(page.url.partition("image=")[2])
    hits = httpx2.get(f"{address}/search", params={"q": "glowing jellyfish"}).json()["hits"]

    assert sentence.startswith(_HOSTILE)
    assert [hit["image_id"] for hit in hits] == [number]
    wait_until(lambda: count_images(address) == before + 1, within_s=40)  # it is counted now and then


def test_a_captioner_that_cannot_be_asked_says_why(page: Page) -> None:
    unable = page.locator(".choice.unable", has_text="huggingface")
    page.get_by_text("Not set up here: huggingface").click()

    expect(unable.get_by_role("radio")).to_be_disabled()
    expect(unable).to_contain_text("set HF_API_ITT_BASE")
    expect(page.get_by_role("radio", name="openai")).to_be_checked()
    expect(page.get_by_role("button", name="Caption it")).to_be_disabled()


def test_what_cannot_be_captioned_says_so_on_its_card(
    page: Page, tmp_path: Path, picture: Path, openai_server: FakeOpenAI
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    openai_server.answer = lambda _: Fault(status=401, message="Incorrect API key provided")
    page.set_input_files("#tryout input[type=file]", picture)
    page.get_by_role("button", name="Caption it").click()
    expect(page.locator(".result").first).to_contain_text("Incorrect API key")
    page.set_input_files("#tryout input[type=file]", broken)
    page.get_by_role("button", name="Caption it").click()
    expect(page.locator(".result")).to_have_count(2)
    expect(page.locator(".result").first.locator(".bad")).to_be_visible()

    assert page.locator(".result").first.locator(".bad").inner_text() != ""
    assert page.get_by_role("button", name="Caption it").is_enabled()


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_picture_is_dropped_or_pasted(page: Page, address: str, way: str) -> None:
    page.evaluate(
        """([way, bytes]) => {
            const content = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
            const carried = new DataTransfer();
            carried.items.add(new File([content], "dropped.png", { type: "image/png" }));
            const told = { bubbles: true, cancelable: true };
            const drop = new DragEvent("drop", { ...told, dataTransfer: carried });
            const paste = new ClipboardEvent("paste", { ...told, clipboardData: carried });
            document.querySelector(".drop").dispatchEvent(way === "drop" ? drop : paste);
        }""",
        [way, base64.b64encode(image_bytes(_NEW, "PNG")).decode()],
    )

    expect(page.locator(".drop .file-name")).to_have_text("dropped.png")
    expect(page.get_by_role("button", name="Caption it")).to_be_enabled()
    assert page.url == f"{address}/?view=try"


def test_who_may_only_search_is_told_so(page: Page, picture: Path) -> None:
    page.route(
        "**/session", lambda route: route.fulfill(json={"key_needed": True, "name": "eye", "scopes": ["search"]})
    )
    page.reload()
    page.set_input_files("#tryout input[type=file]", picture)

    expect(page.get_by_text("Your key may search only")).to_be_visible()
    expect(page.get_by_role("button", name="Caption it")).to_be_disabled()
    expect(page.get_by_role("button", name="Upload and index it")).to_be_disabled()
