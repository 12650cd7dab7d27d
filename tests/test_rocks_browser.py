"""A plan in a browser: the grid is changed in place, what if is drawn over it in dashes, kept under a name, and comes back by its link."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from data.journal import Journal, journal
from data.kinds import title
from pages import rock_grid
from tests.test_browser import browser, click_mark, dashboard, link, settle, visit
from tests.test_pages import happenings

__all__ = ["browser", "visit"]  # fixtures

TODAY = datetime.now(UTC).date()
MONDAY = TODAY - timedelta(days=TODAY.weekday())
PEOPLE = "Zora: 1 1 1 1 1 1 | ledger\nBo: 1 1 1 1 1 1"
ROCK = {"order": 1, "low": 12, "likely": 12, "high": 12, "state": "open", "planned": f"{MONDAY + timedelta(weeks=4)}"}


@pytest.fixture(scope="module")
def url(publish_nouns, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        there = happenings()
        there["issues"] += [
            {
                "id": f"LAST-{nth}", "key": f"LAST-{nth}", "source": "jira", "project": "SHOP", "type": "Task", "is_bug": False,
                "work": "explore" if nth < 3 else "goal", "resolved_at": datetime.combine(MONDAY, datetime.min.time())
                - timedelta(days=1 + nth), "created_at": datetime(2026, 1, 5), "status_kind": "done",  # noqa: DTZ001 zone-less UTC
            }
            for nth in range(9)
        ]  # fmt: skip
        publish_nouns(patch, tmp_path_factory.mktemp("planned"), "", complete_to=f"{TODAY}", **there)
        kept = journal()
        kept.write("capacity", {"title": "Spring", "first": f"{MONDAY}", "people": PEOPLE, "exploration": 20}, "Ada")
        kept.write("rock", {"title": "Deposits", **ROCK, "needs": "ledger"}, "Ada")
        kept.write("rock", {"title": "Baskets", **ROCK, "order": 2}, "Ada")
        with dashboard() as address:
            yield address


def keep(page: Page, kept: Journal, label: str) -> None:
    """Sign a form and send it, and wait until something more is written down and the page has run for it."""
    before = kept.last()
    form = page.get_by_test_id("stForm").filter(has_text=label)
    form.get_by_label("Your name, as colleagues know you").fill("Ada")
    form.get_by_role("button", name=label).click()
    looks = iter(range(600))
    while kept.last() == before:
        assert next(looks, None) is not None, "nothing was written down in a minute"
        page.wait_for_timeout(100)
    settle(page)


def change(page: Page, grid: Locator, steps: int, value: str) -> None:
    """Type over a cell of the first row, so many steps to the right of the first column."""
    grid.scroll_into_view_if_needed()
    grid.locator(".dvn-scroller").first.click(position={"x": 70, "y": 52})
    for _ in range(steps):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.locator("#portal :is(textarea, input)").fill(value)
    page.keyboard.press("Enter")
    expect(grid.locator("[role=gridcell]", has_text=value)).to_have_count(1)
    settle(page)


def test_the_grid_is_changed_in_place_and_what_if_is_kept_under_a_name_and_opens_from_its_link(url, visit):
    page, kept = visit(f"{url}/plan?section=Big+rocks"), journal()

    page.get_by_text("Who is there", exact=True).click()
    grid = page.get_by_test_id("stDataFrame").filter(has=page.locator("canvas")).nth(2)
    change(page, grid, 1, "0.5")
    (first,) = kept.entries("capacity")
    kept.write("capacity", {**(first.body or {}), "exploration": 30}, "Bo", entry=first.id, base=first.version)
    keep(page, kept, "Keep the grid")
    expect(page.get_by_text(rock_grid.KEPT_MEANWHILE)).to_have_count(0)
    now = kept.history(first.id)
    assert str((now[-1].body or {}).get("people")).startswith("Zora: 0.5 1 1 1 1 1 | ledger")
    assert [(one.body or {}).get("exploration") for one in kept.apart(first.id)] == [30, 20], "both keep their words"

    page.get_by_text("What if", exact=True).first.click()
    page.locator(".st-key-away-1").get_by_text("1", exact=True).click()
    page.wait_for_url(re.compile("away-1=1"))
    settle(page)
    expect(page.get_by_text("nobody who is there knows ledger").first).to_be_visible()
    expect(page.locator(".legendtext", has_text="what if, not kept")).to_be_visible()
    dashed = page.locator(".stPlotlyChart .shapelayer path[style*='dasharray']")
    assert dashed.count() >= 2
    assert kept.entries("scenario") == []
    assert "Zora" not in page.url

    page.get_by_label("What this scenario is called").fill("Ledger rests")
    page.get_by_role("button", name="Save as scenario").click()
    expect(page.locator(".legendtext", has_text="what if: Ledger rests")).to_be_visible()
    assert [(one.body or {}).get("title") for one in kept.entries("scenario")] == ["Ledger rests"]

    again = visit(page.url, mode="dark")
    expect(again.locator(".legendtext", has_text="what if: Ledger rests")).to_be_visible()
    expect(again.get_by_role("heading", name="Ledger rests")).to_be_visible()
    again.get_by_role("button", name="Reset").click()
    expect(again.locator(".legendtext", has_text="what if")).to_have_count(0)
    assert "away-1" not in again.url


def test_a_rock_is_resized_in_place_its_history_is_kept_and_the_other_stays_as_it_was(url, visit):
    page, kept = visit(f"{url}/plan?section=Big+rocks"), journal()
    before = {title(one): one for one in kept.entries("rock")}

    page.get_by_text("The rocks as they are pencilled", exact=True).click()
    grid = page.get_by_test_id("stDataFrame").filter(has=page.locator("canvas")).last
    change(page, grid, 4, "47")
    keep(page, kept, "Keep the rocks")

    now = {title(one): one for one in kept.entries("rock")}
    assert (now["Deposits"].version, now["Deposits"].author) == (2, "Ada")
    assert {**before["Deposits"].answers, "high": 47} == now["Deposits"].answers
    assert now["Baskets"] == before["Baskets"]


def test_a_mark_of_exploration_leads_to_what_was_finished_in_its_sprint(url, visit):
    page = visit(f"{url}/plan?section=Exploration")
    click_mark(page, -1)
    page.wait_for_url("**/explore?**")
    settle(page)

    expect(page.get_by_text("Nine rows in this range")).to_be_visible()
    told = link(page)
    assert (told["first"], told["last"]) == (f"{MONDAY - timedelta(weeks=2)}", f"{MONDAY - timedelta(days=1)}")
