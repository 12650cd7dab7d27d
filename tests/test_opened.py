"""What opens over a page or in it can be read in light and dark, and the keyboard alone leads from a page to a source."""

from importlib.resources import files

import pytest
from playwright.sync_api import Locator, Page, expect

from metrics.words import amount, capital
from tests.test_browser import browser, dashboard, settle, visit
from tests.test_drill import lives
from tests.test_states import AXE, PALE, THEMES, lately

__all__ = ["browser", "visit"]  # fixtures

STILL = """() => document.getAnimations().every(one =>
    one.playState !== 'running' || one.effect.getTiming().iterations > 1)"""
MOST = 60  # keys that anybody would press on the way
WAY = "These rows as links to GitHub or Jira"


@pytest.fixture(scope="module")
def url(publish_nouns, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        publish_nouns(patch, tmp_path_factory.mktemp("opened"), "", **lately(lives()))
        with dashboard() as address:
            yield address


def press(name: str):
    """Return a way to open the list behind a word of a chart."""

    def opened(page: Page) -> Locator:
        page.get_by_role("button", name=name, exact=True).first.click()
        return page.locator('[data-testid="stPopoverBody"]')

    return opened


def choose(name: str):
    """Return a way to open the choices of a picker."""

    def opened(page: Page) -> Locator:
        page.get_by_role("combobox", name=name, exact=True).click()
        return page.get_by_role("option").first

    return opened


def unfold(page: Page) -> Locator:
    """Open what is folded first on a page."""
    page.locator("details:not([open]) > summary").first.click()
    return page.locator("details[open]").first


def search(page: Page) -> Locator:
    page.keyboard.press("Control+k")
    page.get_by_role("dialog").get_by_role("textbox").fill("a")
    page.keyboard.press("Enter")
    return page.locator(".cairn-links a").first


def keys(page: Page) -> Locator:
    page.get_by_role("button", name="Keys").click()
    return page.get_by_role("dialog").get_by_text("show these keys")


def point_at(name: str):
    """Return a way to hold the mouse over a button."""

    def pointed(page: Page) -> Locator:
        button = page.get_by_role("button", name=name, exact=True)
        button.hover()
        return button

    return pointed


def calendar(page: Page) -> Locator:
    page.locator(".st-key-first button").last.click()
    return page.get_by_role("gridcell").first


OPENED = {
    "hour": (point_at("Begin the hour"),),
    "": (choose("Compare with"), choose("Team or area"), press("Definition"), press("Copy link"), search, keys),
    "health?range=Custom&first=2026-08-03&last=2026-10-04": (calendar, unfold),
    "explore?metric=Bugs+opened": (choose("Metric"), choose("Period"), unfold),
    "explore?metric=Bugs+opened&show=What+changed": (),
    "explore?metric=Bugs+opened&show=Side+by+side": (),
    "explore?metric=Bugs+opened&show=SQL+and+export": (),
}


@pytest.mark.parametrize("mode", THEMES)
def test_what_opens_can_be_read_and_reached(mode, url, visit):
    axe, found = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"), []
    page = visit(url, mode)
    for path, ways in OPENED.items():
        page.goto(f"{url}/{path}")
        settle(page)
        page.evaluate(axe)
        for way in ways or (lambda page: page.locator("h1"),):
            expect(way(page)).to_be_visible()
            page.wait_for_function(STILL)
            found += [(path, one) for one in page.evaluate(PALE)]
            found += [(path, one) for one in (page.evaluate(AXE) if mode == "light" else [])]
            page.keyboard.press("Escape")

    assert found == []


def tab_to(page: Page, place: Locator) -> None:
    """Press Tab until a place has the focus."""
    for _ in range(MOST):
        page.keyboard.press("Tab")
        if place.evaluate("one => one === document.activeElement"):
            return
    pytest.fail(f"Tab does not lead to {place}")


def test_the_keyboard_alone_leads_from_a_page_to_the_source_of_a_row(url, visit):
    page = visit(f"{url}/flow?flow=Bugs")
    tab_to(page, page.get_by_role("link", name="See the rows").first)
    page.keyboard.press("Enter")
    page.wait_for_url("**/explore*")
    settle(page)
    asked = page.url
    tab_to(page, page.locator("summary", has_text=WAY))
    assert page.url == asked  # nothing was chosen on the way
    page.keyboard.press("Enter")
    links = page.locator(".st-key-as-links a")
    expect(links.first).to_be_visible()
    expect(page.get_by_text("The chart counts")).to_contain_text(f"{capital(amount(links.count(), 'row'))} in the week")
    source = links.first.get_attribute("href")
    tab_to(page, links.first)
    page.context.route("https://jira.example/**", lambda route: route.fulfill(body="the source"))
    with page.context.expect_event("request", lambda request: request.url == source):
        page.keyboard.press("Enter")
