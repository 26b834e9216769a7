"""What axe-core finds wrong with a page for people who use it by ear or by keyboard."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_GRAVE = {"serious", "critical"}


def grave_violations(page: Page) -> list[str]:
    """Return what axe-core calls serious or critical in what a page shows now, each with where it is.

    Playwright hands the script over from outside the page, so that the page's own policy need not allow it.
    """
    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {', '.join(str(node['target'][0]) for node in each['nodes'])}"
        for each in found
        if each["impact"] in _GRAVE
    ]
