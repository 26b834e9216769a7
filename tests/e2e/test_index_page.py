"""The index page in a browser: what there is, what it cost, what failed, and an index that is being rebuilt."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.axe import grave_violations
from tests.e2e.conftest import Command, browsing, listen, serving, wait_until
from tests.e2e.subjects import SUBJECTS, describe_well
from tests.fakes.openai_server import FakeOpenAI
from tests.prompts import write_revision

_SPREAD = """
    UPDATE request SET sent_at = sent_at - make_interval(days => (id % 9)::integer),
                       model = CASE WHEN id % 9 = 4 THEN 'llava' ELSE model END,
                       cost_usd = CASE WHEN id % 9 = 4 THEN NULL ELSE cost_usd END"""


@contextmanager
def looking(browser: Browser, command: Command, *, width: int = 1280, locale: str = "en-GB") -> Iterator[Page]:
    """Give the index page over a library as it stands."""
    with serving(command) as address, httpx2.Client(base_url=address) as client:
        wait_until(lambda: client.get("/health/ready").status_code == 200)
        with browsing(browser, width=width, locale=locale) as page:
            page.goto(f"{address}/?view=index")
            yield page


def test_it_tells_what_is_found_what_failed_and_what_was_done(
    browser: Browser, indexed: Command, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "<b>holiday.jpg").write_bytes(b"no picture")
    indexed("ingest", broken)
    with looking(browser, indexed) as page:
        said = listen(page)
        page.reload()
        expect(page.locator(".share")).to_contain_text(f"{len(SUBJECTS)} of {len(SUBJECTS)} images can be found")
        expect(page.locator(".share .figure")).to_have_text("100%")
        expect(page.locator(".made-of li")).to_have_text(f"gpt-4o-mini: {len(SUBJECTS)} images")
        expect(page.locator(".failures li")).to_contain_text("<b>holiday.jpg")
        expect(page.locator(".failures li")).to_contain_text("not an image of a supported format")
        expect(page.locator(".failures .command")).to_contain_text("indexer ingest FOLDER --retry-failed")
        expect(page.locator(".generations td").nth(1)).to_have_text("live")
        runs = page.locator(".runs tbody tr")
        expect(runs).to_have_count(5)  # the library was made in four
        expect(runs.nth(1)).to_contain_text(f"{len(SUBJECTS) - 3} captioned, 3 known, {len(SUBJECTS) - 3} indexed")
        is_building_told = page.locator(".under-way").is_visible()

    assert not is_building_told
    assert said == []


def test_a_rebuilding_is_told_and_followed_to_its_end(
    browser: Browser, indexed: Command, openai_server: FakeOpenAI
) -> None:
    openai_server.answer = describe_well
    write_revision(indexed.folder, "Say more.")
    stopped = indexed("reindex", "--budget", "0.004", "--json").lines[-1]
    with looking(browser, indexed) as page:
        headline = page.locator(".under-way .headline")
        expect(headline).to_contain_text("rebuilt, serving revision 1")
        share = float(headline.inner_text().partition("%")[0])
        expect(page.locator(".under-way")).to_contain_text("Nothing builds it at this moment")
        expect(page.locator(".generations .state.building")).to_be_visible()
        finished = indexed("reindex")
        expect(page.locator("#told")).to_have_text("The new index is built.", timeout=30_000)
        expect(page.locator(".generations td").first).to_have_text("2")
        is_over = page.locator(".under-way").is_hidden()

    assert 0 < stopped["captioned"] < len(SUBJECTS)
    assert share == pytest.approx(100 * stopped["indexed"] / len(SUBJECTS), abs=0.2)
    assert finished.code == 0, finished.err
    assert is_over


def test_costs_are_drawn_by_day_told_by_key_and_written_as_a_table(browser: Browser, indexed: Command) -> None:
    with psycopg.connect(indexed.variables["DATABASE_URL"]) as connection:
        connection.execute(_SPREAD)
    with looking(browser, indexed, width=390) as page:
        columns = page.locator(".plot .column")
        expect(columns).to_have_count(9)
        unknown = page.locator(".plot .unknown").count()
        columns.last.focus()
        page.keyboard.press("ArrowLeft")
        tip, focused = page.locator(".tip").inner_text(), page.evaluate("document.activeElement.ariaLabel")
        page.keyboard.press("Home")
        is_first = page.evaluate("document.activeElement === document.querySelector('.column')")
        page.get_by_text("As a table").click()
        rows = page.locator(".costs tbody tr").count()
        told = page.locator(".totals").inner_text()
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")

    assert (unknown, is_first, rows, overflow) == (1, True, 9, 0)
    assert "gpt-4o-mini" in tip
    assert "$0.0006" in tip
    assert "$0.0006, gpt-4o-mini $0.0006" in focused
    assert "The price of 3 requests is unknown; they are not in the sum." in told


def test_bars_are_days_weeks_or_months_and_the_least_of_many_are_one(browser: Browser, indexed: Command) -> None:
    with looking(browser, indexed) as page:
        found = page.evaluate(
            """async () => {
                const { barsOf, seriesOf, ticksTo } = await import("/page/overview/spending.js");
                const row = (day, model, cost_usd) => ({
                    day, model, cost_usd, captioner: "openai", requests: 1, unpriced: 0,
                    input_tokens: 1, output_tokens: 1,
                });
                const told = (rows) => {
                    const bars = barsOf(rows, seriesOf(rows, "others"));
                    return [bars[0].step, bars[0].from.toISOString().slice(0, 10), bars.length, bars.at(-1).usd];
                };
                const many = [..."abcdefgh"].map((model, index) => row("2026-01-01", model, 8 - index));
                return {
                    day: told([row("2026-03-30", "a", 1), row("2026-03-28", "a", 2), row("2026-03-28", "b", 3)]),
                    week: told([row("2026-01-01", "a", 1), row("2026-06-01", "a", 2)]),
                    month: told([row("2023-11-30", "a", 1), row("2026-02-01", "a", 4)]),
                    series: seriesOf(many, "others").map(({ name, usd }) => `${name} ${usd}`),
                    ticks: [ticksTo(0.93), ticksTo(40)],
                };
            }"""
        )

    assert found["day"] == ["day", "2026-03-28", 3, 1]
    assert found["week"] == ["week", "2025-12-29", 23, 2]
    assert found["month"] == ["month", "2023-11-01", 28, 4]
    assert found["series"] == ["a 8", "b 7", "c 6", "d 5", "e 4", "others 6"]
    assert found["ticks"] == [[0, 0.25, 0.5, 0.75, 1], [0, 10, 20, 30, 40]]


def test_an_empty_library_is_told_how_to_begin(browser: Browser, indexer: Command) -> None:
    indexer("db", "migrate")
    with looking(browser, indexer) as page:
        expect(page.get_by_text("Nothing is indexed yet.")).to_be_visible()
        expect(page.get_by_text("indexer ingest FOLDER", exact=True)).to_be_visible()
        expect(page.get_by_text("No model that costs money was asked yet.")).to_be_visible()
        expect(page.get_by_text("Nothing failed.")).to_be_visible()
        is_coverage_told = page.locator(".coverage").is_visible()
        violations = grave_violations(page)

    assert not is_coverage_told
    assert violations == []


def test_it_speaks_chinese(browser: Browser, indexed: Command) -> None:
    with looking(browser, indexed, locale="zh-CN", width=390) as page:
        expect(page.get_by_role("heading", name="费用走势")).to_be_visible()
        expect(page.locator(".share")).to_contain_text(f"{len(SUBJECTS)} 张图片中有 {len(SUBJECTS)} 张可以按内容找到")
        expect(page.locator(".generations .state")).to_have_text("使用中")
        left = page.locator("#overview").inner_text()

    assert "Coverage" not in left
    assert "images" not in left
