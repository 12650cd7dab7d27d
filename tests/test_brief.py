"""Whoever steps in tomorrow finds on one page what is open, why, what is due, what moved, and whom to ask."""

import html
from datetime import UTC, datetime, timedelta

import pytest

from data.journal import journal
from metrics import brief
from metrics.plan import Finish, Forecast, Rock, Uncovered
from tests.test_memory import collected  # noqa: F401
from tests.test_pages import open_page
from tests.test_pages import told as drawn

TODAY = datetime.now(UTC).date()
LATER, BEFORE = (f"{TODAY + timedelta(days=days)}" for days in (20, -22))


def told(app) -> str:
    return html.unescape(drawn(app))


@pytest.fixture
def written(collected):  # noqa: F811
    kept = journal()
    decision = {
        "title": "Ship on Fridays",
        "why": "Customers asked",
        "owner": "Ada",
        "review": LATER,
        "expected": "More *often*",
    }
    old = kept.write("decision", {**decision, "title": "Ship on Mondays"}, "Ada")
    kept.write("decision", {**decision, "instead": old.id}, "Ada")
    kept.write("follow_up", {"what": "Ask the desk", "owner": "Bo", "until": BEFORE, "state": "open"}, "Bo")
    kept.write("follow_up", {"what": "Name the parts", "owner": "Bo", "until": LATER, "state": "open"}, "Bo")
    kept.write("follow_up", {"what": "Long past", "owner": "Bo", "until": BEFORE, "state": "done"}, "Bo")
    kept.write(
        "goal",
        {
            "destination": "Nobody waits for us",
            "horizon": "mid",
            "far": "on the way",
            "sure": "mid",
            "because": "half the desks use it",
            "review": LATER,
        },
        "Cy",
    )
    kept.write(
        "topic",
        {"what": "The long queue", "day": BEFORE, "state": "done", "said": "It is a border between two teams"},
        "Cy",
    )
    kept.write("offer", {"what": "checkout login", "how": "an hour"}, "Dee")
    return kept


def test_a_brief_tells_what_is_open_and_leaves_out_what_is_over(written):
    parts = {
        one.title: [(line.what, line.more) for line in one.lines]
        for one in brief.brief(written, TODAY, ["Bugs opened moved"], None)
    }

    assert parts["Due now"] == [("Ask the desk", "still open, three weeks; Bo")]
    assert [what for what, _ in parts["Decisions in force, and why"]] == ["Ship on Fridays"]
    assert parts["Decisions in force, and why"][0][1].startswith(
        "why: Customers asked; expected: More *often*; Ada sees to it"
    )
    assert [what for what, _ in parts["Follow-ups that are open"]] == ["Name the parts"]
    assert parts["Goals, and how sure we are"] == [
        ("Nobody waits for us", "on the way; sure: mid, half the desks use it")
    ]
    assert parts["What moved lately"] == [("Bugs opened moved", "")]
    assert parts["What was talked about last, in its words"][0][1].endswith("It is a border between two teams")
    assert parts["Who to ask"] == [("checkout login", "Dee offers to show it"), ("Ship on Fridays", "Ada")]
    assert not any("Long past" in what or "Mondays" in what for lines in parts.values() for what, _ in lines)


def test_a_rock_is_at_risk_when_it_is_likely_later_than_planned_or_does_not_fit_or_nobody_there_knows_a_part():
    size = (5.0, 8.0, 12.0)
    finishes = (
        Finish(Rock("a", "On time", size, planned=3), 3, 4, ()),
        Finish(Rock("b", "Late", size, planned=2), 4, 5, ()),
        Finish(Rock("c", "Too much", size, planned=None), 6, None, (0.0,) * 6),
    )
    forecast = Forecast(finishes, (), (Uncovered("ledger", (2,), ("Late",)),), (), ())

    assert [(one.what, one.more) for one in brief.at_risk(forecast)] == [
        ("Late", "sprints 4\N{EN DASH}5; planned for sprint 2"),
        ("Too much", "sprint 6 or later"),
        ("In sprint 2 nobody who is there knows ledger: Late cannot go on then.", ""),
    ]


def test_the_page_holds_it_all_with_a_way_to_each_entry_and_the_markdown_takes_no_markup_from_what_was_typed(written):
    shown = told(open_page("brief.py"))
    text = brief.as_md(brief.brief(written, TODAY, [], None), "A team", TODAY)

    for said in ("Ship on Fridays", "still open, three weeks; Bo", "Nobody waits for us", "Dee offers to show it"):
        assert said in shown
        assert said in text
    assert "expected: More \\*often\\*" in text
    assert "Nothing moved." in text
