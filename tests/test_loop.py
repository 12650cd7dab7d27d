"""The loop closes: what moved is talked about, decided, tried out, and comes back with what became of it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from data.entry import Entry
from data.journal import journal
from tests.test_browser import browser, dashboard, link, settle, visit
from tests.test_pages import happenings, week

__all__ = ["browser", "visit"]  # fixtures

MOST_CLICKS = 3


@pytest.fixture(scope="module")
def url(publish_nouns, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        publish_nouns(patch, tmp_path_factory.mktemp("collected"), "", **happenings())
        with dashboard() as address:
            yield address


class Person:
    """Somebody with a mouse, who counts how often they click in one step."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks, self.last = page, 0, "none yet"

    def step(self) -> None:
        self.clicks = 0

    def click(self, role, name: str, *, within: str = ".stApp", exact: bool = True) -> None:
        self.clicks += 1
        assert self.clicks <= MOST_CLICKS
        self.page.locator(within).first.get_by_role(role, name=name, exact=exact).first.click()

    def types(self, label: str, words: str) -> None:
        box = self.page.get_by_label(label).first
        expect(box).to_have_value("")
        box.fill(words)

    def reads(self, words: str) -> None:
        expect(self.page.get_by_text(words).first).to_be_visible()

    def kept(self) -> Entry:
        """Wait until another entry is shown than before, and return it."""
        self.page.wait_for_url(lambda url: "entry=" in url and self.last not in url)
        settle(self.page)
        self.last = link(self.page)["entry"]
        return journal().history(self.last)[-1]


def later(entry: Entry, **days: str) -> None:
    """Let time pass: what was written comes to lie further back."""
    journal().write(entry.kind, {**entry.body, **days}, entry.author, entry=entry.id, base=entry.version)


def test_a_signal_is_talked_about_decided_tried_out_and_comes_back_with_what_became_of_it(url, visit):  # noqa: PLR0915  one story
    page = visit(url)
    one = Person(page)

    one.click("link", "Talk about this", within=".st-key-card-bugs_opened")
    one.types("Your name", "Ada")
    one.click("button", "Keep it")
    topic = one.kept()
    assert topic.body["what"].startswith("Bugs opened: 20 bugs in the week of 25 May")
    assert "metric=Bugs+opened" in topic.body["view"] or "metric=Bugs%20opened" in topic.body["view"]
    expect(page.get_by_role("link", name="Open the chart")).to_have_attribute(
        "href", re.compile("explore.*metric=Bugs")
    )

    one.step()
    one.click("button", "Decide something about it")
    settle(page)
    expect(page.get_by_label("What made it necessary")).to_have_value(topic.body["what"])
    expect(page.get_by_label("Your name")).to_have_value("Ada")
    one.types("What was decided", "Two people look at every basket change")
    one.types("Why this", "Most of them came from there")
    one.types("Who volunteered to see to it", "Bo")
    one.click("button", "Keep it")
    decision = one.kept()
    assert decision.body["metric"] == "bugs_opened"
    assert decision.body["review"] > datetime.now(UTC).date().isoformat()

    one.step()
    one.click("button", "Try it out")
    settle(page)
    one.reads("What it comes from: Two people look at every basket change")
    one.types("We believe that this change", "a second look")
    one.types("for these people or parts", "the basket")
    one.types("will lead to this", "fewer bugs")
    one.types("because", "four eyes see more")
    page.get_by_label("The smallest change that would matter").first.fill("4")
    page.get_by_label("What would change our mind").first.fill("As many bugs as before")
    one.click("button", "What could it show?")
    one.reads("The smallest change that would matter is 4 bugs.")
    settle(page)
    assert journal().entries("experiment") == []
    one.click("button", "Keep it")
    experiment = one.kept()
    assert (experiment.body["metric"], experiment.body["of"]) == ("bugs_opened", decision.id)
    one.reads("No verdict before")

    later(experiment, start=f"{week(18):%Y-%m-%d}", end=f"{week(27):%Y-%m-%d}")
    later(decision, since=f"{week(18):%Y-%m-%d}", review=f"{datetime.now(UTC).date() - timedelta(days=1)}")

    one.step()
    one.click("link", "Experiments")
    settle(page)
    one.reads("Did not move")
    one.reads("No effect of the size we cared about")
    one.reads("Two people look at every basket change (decision)")

    one.step()
    one.click("link", "This week")
    settle(page)
    one.click("link", "2 entries of the journal are due")
    settle(page)
    expect(page.get_by_text("Decision: Two people look at every basket change").first).to_be_visible()
    one.click("button", "Open", within=f".st-key-way-due-{decision.id}")
    one.kept()
    one.reads("Before and since")
    one.reads("weeks since.")
    one.reads("a second look (experiment)")
    expect(page.get_by_role("button", name="Decide otherwise")).to_be_visible()

    again = visit(page.url)
    expect(again.get_by_text("Before and since").first).to_be_visible()
    again.keyboard.press("Control+k")
    again.get_by_role("dialog").get_by_role("textbox").fill("second look")
    again.keyboard.press("Enter")
    found = again.get_by_role("dialog").locator(".cairn-links a")
    expect(found).to_have_text("Experiment: a second look")
    assert found.get_attribute("href").endswith(f"/memory?entry={experiment.id}")
