"""The page where the service asks for keys: the form for one, and what a key that may only search leaves out."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.axe import grave_violations
from tests.e2e.conftest import browsing
from tests.e2e.guarded import Guarded, guarding
from tests.images import image_bytes


@pytest.fixture(scope="module")
def guarded(
    postgres: str, library: str, embedders_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Guarded]:
    with guarding(postgres, library, tmp_path_factory.mktemp("guarded"), embedders_home) as service:
        yield service


@pytest.fixture(params=["light", "dark"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    with browsing(browser, scheme=request.param, has_touch=True) as opened:
        yield opened


def sign_in(page: Page, key: str) -> None:
    page.get_by_label("Your key").fill(key)
    page.get_by_role("button", name="Sign in").click()


def test_a_key_is_asked_for_once_and_what_was_wanted_is_shown(page: Page, guarded: Guarded) -> None:
    page.goto(f"{guarded.served.address}/?q=red+mug+on+a+desk")
    page.get_by_role("heading", name="A key is needed here").wait_for()
    found = grave_violations(page)
    sign_in(page, "cs_wrong")
    page.get_by_text("This key is not known here.").wait_for()
    sign_in(page, guarded.writing)
    page.locator("#hits .strong").first.wait_for()
    is_loaded = page.locator("#hits img").first.evaluate("image => image.decode().then(() => image.naturalWidth > 0)")
    page.reload()
    page.locator("#hits .strong").first.wait_for()
    is_open = page.get_by_role("heading", name="A key is needed here").is_visible()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="A key is needed here").wait_for()

    assert (found, is_loaded, is_open) == ([], True, False)


def test_whoever_may_only_search_is_offered_nothing_that_writes_or_costs(
    page: Page, guarded: Guarded, tmp_path: Path
) -> None:
    (tmp_path / "unknown.jpg").write_bytes(image_bytes(99))
    page.goto(f"{guarded.served.address}/?q=red+mug+on+a+desk")
    sign_in(page, guarded.searching)
    page.locator("#hits .strong").first.wait_for()
    judging = page.get_by_role("button", name="Relevant", exact=True).count()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Search by a picture").click()
    chooser.value.set_files(tmp_path / "unknown.jpg")
    page.get_by_text("This picture is not in your library.").wait_for()

    assert judging == 0
    assert page.get_by_role("button", name="Describe it and search by that").count() == 0
