"""A whole strategy hour in two browsers at once: what one types the other sees, a dead server loses nothing, and the next hour opens with it."""

import re
import shutil
import socket
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from data.journal import journal, read_twin
from data.kinds import title
from metrics import hour
from metrics.words import day
from tests.test_browser import SIZES, browser, dashboard, settle
from tests.test_loop import Person
from tests.test_pages import happenings

__all__ = ["browser"]  # fixtures

TODAY = datetime.now(UTC).date()
MONDAY = TODAY - timedelta(days=TODAY.weekday())
ROCK = {"title": "Deposits", "order": 1, "low": 12, "likely": 12, "high": 12, "state": "open"}
AGENDA = ".st-key-rail"
DAY = r"\b20\d\d-\d\d-\d\d"
QUICK = ("It rings", "All day")


@pytest.fixture
def port(publish_nouns, monkeypatch, tmp_path) -> int:
    """A company with a plan and something due, and a free port of this machine."""
    publish_nouns(monkeypatch, tmp_path, "", **happenings())
    kept = journal()
    people = {"title": "Spring", "first": f"{MONDAY}", "people": "Zora: 1 1 1 1 1 1\nBo: 1 1 1 1 1 1"}
    kept.write("capacity", people, "Ada")
    kept.write("rock", ROCK, "Ada")
    due = {"what": "Ask two desks", "owner": "Bo", "until": f"{TODAY - timedelta(weeks=3)}", "state": "open"}
    kept.write("follow_up", due, "Bo")
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return door.getsockname()[1]


def open_at(browser: Browser, address: str) -> Person:
    width, height = SIZES["laptop"]
    page = browser.new_context(viewport={"width": width, "height": height}).new_page()
    page.set_default_timeout(60_000)
    page.goto(address)
    settle(page)
    return Person(page)


def types(page: Page, label: str, words: str) -> None:
    """Type words and leave the place; it is empty again as soon as they are kept."""
    box = page.get_by_label(label, exact=True).first
    box.fill(words)
    box.press("Enter")


def turn(one: Person, item: str) -> None:
    """Turn to an item of the agenda, which is one click."""
    one.step()
    one.clicks += 1
    one.page.locator(AGENDA).get_by_text(item, exact=True).click()
    expect(one.page.get_by_role("heading", name=item, exact=True, level=2)).to_be_visible()
    settle(one.page)


def test_two_people_hold_an_hour_lose_nothing_when_the_server_dies_and_the_next_opens_with_all_of_it(  # noqa: PLR0915  one story
    port, browser, monkeypatch, tmp_path
):
    with dashboard(port) as address:
        ada, bo = (open_at(browser, f"{address}/hour") for _ in range(2))
        ada.reads("Ask two desks")
        ada.reads("still open, three weeks; Bo")
        ada.click("button", "Begin the hour")
        for one in (ada, bo):
            one.reads("of 60. By the agenda: Last time, until minute 5.")
        types(ada.page, "Your name, as colleagues know you", "Ada")

        for one in (ada, bo):
            turn(one, "Findings from customers")
            expect(one.page.locator(".cairn-chart").first).to_be_visible()
        types(ada.page, "Something to talk about", "Refunds take a phone call")
        bo.reads("Refunds take a phone call")
        half = ada.page.get_by_label("What is said, and worth keeping")
        half.click()
        before = "Refunds take a phone call"
        for line in QUICK:
            ada.page.keyboard.type(line)
            ada.reads(before)  # and meanwhile the next line is typed
            ada.page.keyboard.press("Enter")
            before = line
        bo.reads(QUICK[-1])
        half.fill("A thought half typ")
        types(bo.page, "What is said about it", "They call on Mondays")
        ada.reads("They call on Mondays")
        expect(half).to_have_value("A thought half typ")

    with dashboard(port):
        for one in (ada, bo):
            expect(one.page.locator(".stApp")).to_have_attribute("data-test-connection-state", "CONNECTED")
            settle(one.page)
            expect(one.page.get_by_text("of 60. By the agenda")).to_be_visible()
        expect(half).to_have_value("A thought half typ")
        with suppress(AssertionError):  # on a busy machine the first may be lost: then the words still stand there
            half.press("Enter")
            expect(half).to_have_value("")
        if half.input_value():
            half.press("Enter")
        bo.reads("A thought half typ")
        assert [title(one) for one in journal().entries("said")] == [
            "A thought half typ",
            "They call on Mondays",
            *QUICK[::-1],
        ]
        assert len(journal().entries("topic")) == 1

        turn(bo, "Big rocks")
        bo.clicks += 2
        bo.page.get_by_text("What if", exact=True).first.click()
        bo.page.locator(".st-key-away-1").get_by_text("1", exact=True).click()
        bo.page.wait_for_url(re.compile("away-1=1"))
        settle(bo.page)
        expect(bo.page.locator(".legendtext", has_text="what if, not kept")).to_be_visible()
        bo.step()
        types(bo.page, "What this scenario is called", "Zora rests")
        bo.page.locator(".st-key-scenario-author input").fill("Bo")
        bo.click("button", "Save as scenario")
        bo.reads("Zora rests")

        ada.step()
        ada.click("button", "Decide something about it")
        with suppress(AssertionError):
            expect(ada.page.get_by_label("What made it necessary")).to_be_visible(timeout=10_000)
        if not ada.page.get_by_label(
            "What made it necessary"
        ).count():  # a busy machine, and a part that was drawn anew
            ada.click("button", "Decide something about it")
        expect(ada.page.get_by_label("What made it necessary")).to_have_value("Refunds take a phone call")
        ada.types("What was decided", "Refunds go by mail")
        ada.types("Why this", "A call takes an hour")
        ada.types("Who volunteered to see to it", "Bo")
        expect(ada.page.locator(".st-key-author input")).to_have_value("Ada")
        ada.click("button", "Keep it")
        ada.reads("Written in this hour")

        ada.step()
        ada.click("button", "Try something out")
        ada.types("We believe that this change", "a second look")
        ada.types("for these people or parts", "the basket")
        ada.types("will lead to this", "fewer bugs")
        ada.types("because", "four eyes see more")
        ada.page.get_by_label("The one number it is judged by").first.click()
        ada.page.keyboard.type("Bugs op")  # opens the list again, should the page have scrolled after the click
        ada.page.get_by_role("option", name="Bugs opened", exact=True).click()
        ada.page.get_by_label("The smallest change that would matter").first.fill("4")
        ada.page.get_by_label("What would change our mind").first.fill("As many bugs as before")
        ada.click("button", "What could it show?")
        ada.reads("The smallest change that would matter is 4 bugs.")
        settle(ada.page)
        ada.click("button", "Keep it")
        ada.reads("a second look, for the basket")

        ada.step()
        with ada.page.expect_download() as taken:
            ada.click("button", "Minutes")
        minutes = Path(taken.value.path()).read_text(encoding="utf-8")
        assert taken.value.suggested_filename == f"strategy-hour-{TODAY}.md"
        for words in (
            "- **Refunds take a phone call**\n  - They call on Mondays\n- It rings\n- All day\n- A thought half typ",
            "**Refunds go by mail**: why: A call takes an hour; Bo sees to it; comes back on",
            "**a second look, for the basket**",
            "Scenario: **Zora rests**",
        ):
            assert words in minutes, minutes

        ada.step()
        ada.click("button", "End the hour")
        ada.reads("The last one was on")
        assert journal().entries("decision")[0].answers["review"] > f"{TODAY}"

    a_week_later(monkeypatch, tmp_path)
    with dashboard() as address:
        again = open_at(browser, f"{address}/hour")
        for words in (
            f"What came of {day(TODAY - timedelta(weeks=1))}",
            "Refunds take a phone call",
            "Decision: Refunds go by mail",
            "Experiment: a second look",
            "Ask two desks",
            "still open, four weeks; Bo",
        ):
            again.reads(words)
        for one in (ada, bo, again):
            one.page.context.close()


def test_what_is_typed_into_a_form_is_kept_before_it_is_sent_and_gone_on_with_in_another_browser(port, browser):
    with dashboard(port) as address:
        ada, bo = (open_at(browser, f"{address}/hour") for _ in range(2))
        ada.click("button", "Begin the hour")
        for one in (ada, bo):
            turn(one, hour.AGENDA[-1].name)
        ada.click("button", "Decide something")
        ada.types("What was decided", "Refunds go by mail")
        bo.reads("What was decided: Refunds go by mail")  # while the place is not left yet
        ada.types("Why this", "A call takes an hour")
        ada.types("Who volunteered to see to it", "Cy")
        bo.reads("Why this: A call takes an hour")
        bo.reads("Who volunteered to see to it: Cy")
        ada.page.context.close()

        bo.step()
        bo.click("button", "Go on with it")
        for place, words in (
            ("What was decided", "Refunds go by mail"),
            ("Why this", "A call takes an hour"),
            ("Who volunteered to see to it", "Cy"),
        ):
            expect(bo.page.get_by_label(place).first).to_have_value(words)
        expect(bo.page.get_by_text("begun and not kept")).to_be_hidden()
        bo.click("button", "Keep it")
        bo.reads("Your name is still empty.")
        settle(bo.page)
        bo.page.locator(".st-key-author input").fill("Bo")
        expect(bo.page.get_by_text("Your name is still empty.")).to_be_hidden()
        bo.click("button", "Keep it")
        bo.reads("Written in this hour")
        kept = journal()
        assert [(title(one), one.answers["owner"], one.author) for one in kept.entries("decision")] == [
            ("Refunds go by mail", "Cy", "Bo")
        ]
        assert kept.entries("draft") == []
        bo.page.context.close()


def a_week_later(patch: pytest.MonkeyPatch, place: Path) -> None:
    """Move to a home in which every day that was written down, and the day it was written on, lies a week further back."""
    shutil.copytree(place / "home", place / "later")
    patch.setenv("CAIRN_HOME", str(place / "later"))
    twin = next((place / "later").rglob("journal.jsonl"))
    told = re.sub(DAY, lambda one: f"{date.fromisoformat(one[0]) - timedelta(weeks=1)}", twin.read_text("utf-8"))
    for file in twin.parent.glob("journal.*"):
        file.unlink()
    (place / "told.jsonl").write_text(told, encoding="utf-8")
    journal().adopt(read_twin(place / "told.jsonl"))
