"""The page's search by a picture: dropped, pasted or chosen, and what it costs."""

import io
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import browsing, cloned, listen, serving, wait_until
from tests.e2e.subjects import SUBJECTS
from tests.fakes.openai_server import FakeOpenAI, caption_reply
from tests.images import image_bytes, make_picture

_GIVE = """async (bytes) => {
    const file = new File([new Uint8Array(bytes)], 'given.jpg', { type: 'image/jpeg' });
    const data = new DataTransfer();
    data.items.add(file);
    return data;
}"""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


@pytest.fixture
def openai_server(endpoint: FakeOpenAI) -> FakeOpenAI:
    """The endpoint, as if it had not been asked yet."""
    endpoint.accepted.clear()
    return endpoint


@pytest.fixture(scope="module")
def address(
    postgres: str, library: str, embedders_home: Path, tmp_path_factory: pytest.TempPathFactory, endpoint: FakeOpenAI
) -> Iterator[str]:
    """Give the address of one service: a search by a picture leaves nothing behind."""
    folder = tmp_path_factory.mktemp("pictures")
    variables = {"OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": endpoint.key}
    with cloned(postgres, library, folder, embedders_home, **variables) as command, serving(command) as started:
        wait_until(lambda: httpx2.get(f"{started}/health/ready").is_success)
        yield started


@pytest.fixture(params=[1280, 390])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    with browsing(browser, width=request.param, has_touch=request.param == 390) as opened:
        yield opened


def choose(page: Page, file: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Search by a picture").click()
    chooser.value.set_files(file)


def first_caption(page: Page) -> str | None:
    return page.locator("#hits img").first.get_attribute("alt")


def test_a_file_of_the_library_is_recognised_at_no_cost_and_after_a_reload_too(
    page: Page, address: str, tmp_path: Path, openai_server: FakeOpenAI
) -> None:
    said = listen(page)
    (tmp_path / "known.jpg").write_bytes(image_bytes(3))
    page.goto(address)

    choose(page, tmp_path / "known.jpg")
    page.get_by_text("This very file is in your library.").wait_for()
    caption, thumb = first_caption(page), page.locator("#asked-picture img").get_attribute("src")
    is_shown = page.locator("#asked-picture img").evaluate("image => image.decode().then(() => image.naturalWidth)")
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    similar = page.get_by_role("link", name="Similar images").get_attribute("href")
    page.reload()
    page.get_by_text("Images like this one").wait_for()
    page.get_by_role("button", name="Search without the picture").click()
    page.get_by_role("heading", name="Newest first").wait_for()

    assert caption == f"A {SUBJECTS[3]}."
    assert (thumb or "").startswith("blob:")
    assert (is_shown, overflow) == (64, 0)
    assert (similar or "").startswith("/?like=")
    assert (openai_server.accepted, page.url, said) == ([], f"{address}/", [])


def test_a_shrunk_copy_is_known_by_its_looks_when_it_is_dropped(
    page: Page, address: str, openai_server: FakeOpenAI
) -> None:
    page.goto(f"{address}/?q=red+mug")
    data = page.evaluate_handle(_GIVE, _copy_of(5))
    page.dispatch_event("body", "dragover", {"dataTransfer": data})
    overlay = page.get_by_text("Drop the picture to search by it")
    is_told = overlay.is_visible()
    page.dispatch_event("body", "drop", {"dataTransfer": data})
    page.get_by_text("It looks the same as a picture in your library.").wait_for()

    assert (is_told, overlay.is_hidden()) == (True, True)
    assert first_caption(page) == f"A {SUBJECTS[5]}."
    assert openai_server.accepted == []


def test_an_unknown_picture_is_described_only_when_somebody_says_so(
    page: Page, address: str, openai_server: FakeOpenAI
) -> None:
    openai_server.answer = lambda _: caption_reply("A red mug on a desk.", "Somebody took this of a red mug.")
    page.goto(address)
    number = 100 + page.evaluate("innerWidth")  # a picture of this test's own, at each width
    data = page.evaluate_handle(_GIVE, list(image_bytes(number, size=(80, 60))))
    page.evaluate(
        "data => dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))",
        data,
    )
    page.get_by_text("This picture is not in your library.").wait_for()
    is_priced, before = page.get_by_text("This may cost money.").is_visible(), len(openai_server.accepted)

    page.get_by_role("button", name="Describe it and search by that").click()
    page.get_by_text("Described as: “A red mug on a desk.").wait_for()
    found = first_caption(page)
    page.locator("#hits .picture").first.click()
    page.locator("#image h2").wait_for()
    page.go_back()
    page.get_by_text("Described as:").wait_for()
    for query in SUBJECTS[:9]:  # more than the page keeps answers for
        page.get_by_role("searchbox").fill(query)
        page.keyboard.press("Enter")
        page.locator("#hits .match").first.wait_for()
        page.wait_for_function("() => document.getElementById('hits').ariaBusy === 'false'")
    page.evaluate("history.go(-9)")
    page.get_by_text("Described as:").wait_for()
    page.get_by_role("button", name="Text").click()
    page.get_by_role("radio", name="Without text").check()
    page.get_by_role("button", name="Describe it and search by that").wait_for()

    assert (is_priced, before, len(openai_server.accepted)) == (True, 0, 1)
    assert found == "A red mug on a desk."


def test_what_is_no_picture_is_told_to_be_none(page: Page, address: str, tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("milk, bread, honey")
    page.goto(address)

    choose(page, tmp_path / "notes.jpg")
    page.get_by_text("The image cannot be used").wait_for()
    page.get_by_role("button", name="Search without the picture").click()

    page.locator("#hits li").first.wait_for()


def test_images_like_one_have_it_beside_the_box_and_a_way_back(page: Page, address: str) -> None:
    page.goto(f"{address}/?like=7")
    page.locator("#hits li").first.wait_for()
    shown = page.locator("#hits li").evaluate_all("items => items.map(item => item.dataset.image)")
    thumb = page.locator("#asked-picture img").get_attribute("src")
    page.get_by_role("link", name="Back to the image").click()
    page.locator("#image h2").wait_for()

    assert (page.url, thumb) == (f"{address}/?image=7", "/images/7/thumbnail?size=160")
    assert "7" not in shown


def test_words_take_the_place_of_the_picture(page: Page, address: str) -> None:
    page.goto(f"{address}/?like=7")
    page.locator("#hits li").first.wait_for()
    page.get_by_role("searchbox").fill("red mug on a desk")
    page.keyboard.press("Enter")
    page.locator("#hits .strong").first.wait_for()

    assert page.url == f"{address}/?q=red+mug+on+a+desk"
    assert page.locator("#asked-picture").is_hidden()


def _copy_of(number: int) -> list[int]:
    out = io.BytesIO()
    make_picture(number).resize((128, 96), Image.Resampling.BICUBIC).save(out, "JPEG", quality=70)
    return list(out.getvalue())
