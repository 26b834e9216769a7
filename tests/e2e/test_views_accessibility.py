"""Axe-core over the image page, the index page and the try-out panel, in light and dark, on a desk and on a phone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import new_database
from tests.e2e.axe import grave_violations
from tests.e2e.conftest import Command, browsing, make_home, serving, wait_until
from tests.e2e.subjects import name_subject
from tests.fakes.openai_server import FakeOpenAI
from tests.images import image_bytes
from tests.prompts import write_revision


@pytest.fixture(scope="module")
def address(
    postgres: str, library: str, embedders_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Serve the library, with a correction, a failure, and a half-built generation."""
    folder = tmp_path_factory.mktemp("views")
    home = make_home(folder / "home", embedders_home)
    with FakeOpenAI(answer=name_subject) as server, new_database(postgres, library) as database:
        variables = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": server.key, "DATABASE_URL": database}
        command = Command(folder, {**variables, "CAPTION_SEARCH_HOME": str(home)})
        (folder / "broken.jpg").write_bytes(b"no picture")
        command("ingest", folder / "broken.jpg")
        command("correct", "2", "--text", "A dog that is only called brown.")
        write_revision(folder, "Say more.")
        command("reindex", "--budget", "0.004")
        with serving(command) as started, httpx2.Client(base_url=started) as client:
            wait_until(lambda: client.get("/health/ready").status_code == 200)
            yield started


@pytest.fixture(params=[(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")], ids=str, scope="module")
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, scheme = request.param
    with browsing(browser, width=width, scheme=scheme, has_touch=width == 390) as opened:
        yield opened


def see_an_image(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=brown+dog+in+a+kitchen&strictness=low&image=2")
    page.locator(".similar .row img").first.wait_for()
    page.locator(".why .measures").wait_for()
    page.locator(".way .next").wait_for()
    page.locator(".kind summary").first.click()


def see_a_correction(page: Page, address: str) -> None:
    page.goto(f"{address}/?image=2")
    page.get_by_role("button", name="Write it better: What it shows").click()
    page.get_by_role("button", name="Ask the model again").click()
    page.locator(".suggestion", has_text="just now").wait_for()
    page.get_by_role("button", name="Alternative text").click()
    page.get_by_label("Your words, in at most 125 characters").fill("a" * 130)


def see_the_full_size(page: Page, address: str) -> None:
    page.goto(f"{address}/?image=3")
    page.locator(".large").wait_for()
    page.keyboard.press("f")
    page.get_by_role("dialog", name="Full size").wait_for()


def see_the_index(page: Page, address: str) -> None:
    page.goto(f"{address}/?view=index")
    page.locator(".under-way .headline").wait_for()
    page.locator(".failures li").wait_for()
    page.get_by_text("As a table").click()
    page.locator(".plot .column").last.focus()
    page.locator(".tip").wait_for()


def see_the_tryout(page: Page, address: str) -> None:
    page.goto(f"{address}/?view=try")
    page.get_by_role("radio", name="openai").wait_for()
    page.set_input_files(
        "#tryout input[type=file]", {"name": "mug.png", "mimeType": "image/png", "buffer": image_bytes(0, "PNG")}
    )
    page.get_by_role("button", name="Caption it").click()
    expect(page.locator(".result")).to_contain_text("A red mug on a desk.")


_STATES = (see_an_image, see_a_correction, see_the_full_size, see_the_index, see_the_tryout)


@pytest.mark.parametrize("see", _STATES, ids=lambda see: see.__name__.removeprefix("see_"))
def test_nothing_grave_is_found(page: Page, address: str, see: Callable[[Page, str], None]) -> None:
    see(page, address)

    assert grave_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    page.evaluate("sessionStorage.clear()")
