"""Big rocks, the burn list and exploration on their pages: what is tried out saves nothing, what is kept comes back, no name leaves."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import pytest

from collectors.sandbox.planning import planned
from data.entry import Entry
from data.journal import journal
from data.kinds import BY_NAME
from metrics import exploration, pencilled
from metrics import planned as jira
from metrics.pencilled import Calendar
from pages import rock_grid
from tests.test_memory import fill, told
from tests.test_pages import charts, happenings, open_page, week

TODAY = datetime.now(UTC).date()
MONDAY = TODAY - timedelta(days=TODAY.weekday())
CALENDAR = Calendar(MONDAY)
PEOPLE = "Zora: 1 1 1 1 1 1 | ledger\nBo: 1 1 1 1 1 1\nCy: 1 1 1 1 1 1"
ROCK = {"order": 1, "low": 20, "likely": 20, "high": 20, "state": "open", "needs": "ledger"}


@pytest.fixture
def collected(publish_nouns, monkeypatch, tmp_path):
    return publish_nouns(monkeypatch, tmp_path, 'timezone = "UTC"\n', **happenings())


@pytest.fixture
def pencilled_in(collected):
    """A grid of three people, and two rocks of which one takes what one of them says they know."""
    del collected
    kept = journal()
    grid = {"title": "Spring", "first": f"{MONDAY}", "people": PEOPLE, "exploration": 20}
    kept.write("capacity", grid, "Ada")
    ends = f"{CALENDAR.day(3) - timedelta(days=1)}"
    kept.write("rock", {"title": "Deposits", **ROCK, "planned": ends}, "Ada")
    kept.write("rock", {"title": "Baskets", **ROCK, "order": 2, "needs": "", "planned": ends}, "Ada")
    return kept


def rocks(**link: Any):
    return open_page("plan.py", section="Big rocks", **link)


def press(app, label: str):
    next(one for one in app.button if one.label == label).click()
    app.run()
    assert not app.exception
    return app


def picture(app) -> dict:
    return next(one for one in charts(app) if any(trace.get("name") == "planned end" for trace in one["data"]))


def layers(app) -> set[str]:
    return {trace["name"] for trace in picture(app)["data"] if trace.get("name")}


@pytest.mark.usefixtures("collected")
def test_before_anything_is_pencilled_the_page_says_what_a_rock_is():
    for section, said in (
        ("Big rocks", "No big rock is pencilled yet."),
        ("Burn list", "Nothing is on the list yet."),
        ("Exploration", "is not known yet"),
    ):
        assert said in told(open_page("plan.py", section=section))


def test_rocks_stand_as_ranges_over_six_sprints_with_their_plan_and_the_record_of_such_forecasts(pencilled_in):
    del pencilled_in
    app = rocks()
    text, (listed, capacity, *_) = told(app), [one.value for one in app.dataframe]

    assert "85 % sure to be finished within these six sprints." in text
    assert "Our 85 % held in" in text
    assert "20 % is kept for exploration, and none of those weeks' items is known to have been" in text
    assert list(listed["rock"]) == ["Deposits", "Baskets"]
    assert set(listed["planned"]) == {"Sprint 2"}
    assert listed["rests"][0] == "One person knows ledger, as far as was said"
    assert len(capacity) == 6
    assert layers(app) == {"forecast: as likely as not, to 85 % sure", "planned end"}


def test_every_table_of_the_rocks_leaves_as_a_file_that_no_spreadsheet_reckons_with(pencilled_in, monkeypatch):
    kept, files = pencilled_in.entries("rock")[-1], {}
    pencilled_in.write("rock", {**kept.body, "title": "=1+1"}, "Ada", entry=kept.id, base=kept.version)

    def offered(label, data, name, *_, **__):
        files[label, name] = data().decode("utf-8-sig")

    monkeypatch.setattr("streamlit.download_button", offered)
    rocks()
    listed, capacity = (
        files[f"CSV of {of}", f"plan-{of.replace(' ', '-')}-{MONDAY}.csv"] for of in ("the rocks", "capacity")
    )

    assert listed.startswith("Big rock,Items left,Plan,Forecast,Beside its plan,What it rests on\r\n")
    assert "'=1+1" in listed
    assert capacity.count("\r\n") == 7


def test_what_if_is_a_second_layer_from_the_link_saves_nothing_and_names_nobody(pencilled_in):
    before = pencilled_in.last()
    app = rocks(**{"away-1": ["1", "2"]})
    text = told(app)

    assert "In sprints 1 and 2 nobody who is there knows ledger: Deposits cannot go on then." in text
    assert "Deposits moves from" in text
    assert layers(app) >= {"what if, not kept"}
    assert any(shape.get("line", {}).get("dash") == "dash" for shape in picture(app)["layout"]["shapes"])
    assert pencilled_in.last() == before
    assert "Zora" not in urlencode(app.query_params, doseq=True)
    moved = next(line for line in text.splitlines() if line.startswith("In sprints 1"))
    assert "Zora" not in moved, "what waits is told by component"
    app = press(app, "Reset")
    assert "what if, not kept" not in layers(app)
    assert "away-1" not in app.query_params


@pytest.mark.usefixtures("pencilled_in")
@pytest.mark.parametrize("link", [{"away-1": "nonsense"}, {"away-9": "1"}, {"explore": "1e999"}, {"away-1": "<b>"}])
def test_a_link_of_nonsense_opens_the_plan(link):
    assert "what if, not kept" not in layers(rocks(**link))


def test_a_scenario_is_kept_under_a_name_and_can_be_looked_at_again(pencilled_in):
    app = rocks(**{"away-1": ["1", "2"], "explore": "10 %"})
    app = press(app, "Save as scenario")
    assert "A scenario needs what it is called, and your name." in told(app)
    app.text_input(key="scenario-title").set_value("Ledger rests")
    app.text_input(key="scenario-author").set_value("Ada")
    app = press(app, "Save as scenario")
    (kept,) = pencilled_in.entries("scenario")

    assert kept.body["title"] == "Ledger rests"
    assert kept.body["away"] == f"Zora: {MONDAY} {MONDAY + timedelta(weeks=2)}"
    assert kept.body["exploration"] == 10
    assert "nobody who is there knows ledger" in kept.body["said"]
    app = rocks()
    assert "what if, not kept" not in layers(app)
    assert "Ledger rests" in told(app)
    app = press(app, "Look at it")
    assert "what if: Ledger rests" in layers(app)
    assert app.query_params["away-1"] == ["1", "2"]
    assert app.query_params["explore"] in ("10 %", ["10 %"])


def test_a_rock_is_sized_by_what_jira_says_was_done_since_and_held_against_an_even_pace(nouns, monkeypatch):
    day = datetime.combine(MONDAY, datetime.min.time()) - timedelta(weeks=20)
    epic = {"id": "E", "key": "SHOP-1", "title": "Better deposits", "source": "jira", "project": "SHOP", "type": "Epic"}
    done = [
        {"id": f"{n}", "key": f"SHOP-{n + 2}", "source": "jira", "project": "SHOP", "type": "Story", "parent": "SHOP-1",
         "created_at": day, "resolved_at": day + timedelta(days=2 * n, hours=12)}
        for n in range(70)
    ]  # fmt: skip
    nouns('timezone = "UTC"\n', complete_to=f"{MONDAY}", issues=[epic, *done])
    written = MONDAY - timedelta(weeks=4)

    weeks = jira.finished()
    assert set(weeks["items"]) <= {3.0, 4.0}
    assert weeks["week"].max().date() == MONDAY - timedelta(weeks=1)
    by_key, by_title = (jira.done({"r": [word]}, written)["items"].sum() for word in ("shop-1", "better deposits"))
    assert by_key == by_title == sum(one["resolved_at"].date() >= written for one in done)
    assert jira.calendar(TODAY) == CALENDAR
    journal().write(
        "rock",
        {
            "title": "Deposits",
            **ROCK,
            "likely": 60,
            "high": 90,
            "epics": "Better deposits",
            "planned": f"{MONDAY + timedelta(weeks=8)}",
        },
        "Ada",
    )
    app = rocks()
    assert "Plan and what happened" in told(app)
    assert any("(" in str(value) for one in app.dataframe for value in one.value.iloc[0])


def test_why_a_rock_differs_is_kept_as_history(pencilled_in):
    rock = pencilled_in.entries("rock")[-1]
    app = open_page("memory.py", write="deviation", rock=rock.id, sprint=f"{MONDAY}")
    assert "The big rock it is about: Deposits" in told(app)
    fill(app, What_differs="Half as many as planned", Why="The address service moved first", Your_name="Bo")

    assert "Deposits, Half as many as planned: The address service moved first" in told(rocks())


def test_a_grid_and_a_rock_are_written_as_they_were_typed_and_a_day_stays_while_its_sprint_does():
    sprints = ["1", "2"]
    typed = pd.DataFrame(
        [["Ada", " ,5", None, "ledger"], [None, "1", "1", None], ["  ", "1", "1", ""]],
        columns=["Name", *sprints, "Says they know"],
    )
    (row,) = rock_grid._people(typed, sprints)
    assert row.line() == "Ada: 0.5 1 | ledger"
    body = {"title": "Deposits", **ROCK, "planned": f"{CALENDAR.day(2) + timedelta(days=3)}", "why": "Asked"}
    kept = Entry("r", 1, 0, "rock", body, "Ada", datetime.now(UTC))
    shown = dict(
        zip(["id", *rock_grid.NUMBERS, *rock_grid.WORDS, "state"], rock_grid._line(kept, CALENDAR), strict=True)
    )

    assert rock_grid._body(shown, {"r": kept}, CALENDAR) == body
    later = rock_grid._body({**shown, "planned": 4.0, "high": 60.0}, {"r": kept}, CALENDAR)
    assert later["planned"] == f"{CALENDAR.day(5) - timedelta(days=1)}"
    assert (later["high"], later["why"]) == (60, "Asked")
    assert BY_NAME["rock"].wrong(later) == []


# The burn list


@pytest.mark.usefixtures("collected")
def test_the_burn_list_groups_what_overlaps_says_what_is_unknown_and_looks_back_at_what_was_done():
    kept = journal()
    item = {
        "low": 10,
        "likely": 15,
        "high": 30,
        "saves_low": 0.5,
        "saves_likely": 1.5,
        "saves_high": 3,
        "state": "open",
    }
    kept.write("burn", {"title": "Releases", **item, "metric": "deployment_frequency", "says": "Ada"}, "Ada")
    kept.write("burn", {"title": "Checks", **item, "likely": 14}, "Ada")
    kept.write("burn", {"title": "A list of <b>names</b>", "state": "open"}, "Ada")
    kept.write(
        "burn",
        {
            "title": "Recorder",
            **item,
            "state": "done",
            "metric": "bugs_opened",
            "since": f"{week(16):%Y-%m-%d}",
            "took": 12,
            "came": "It tells us",
        },
        "Ada",
    )
    app = open_page("plan.py", section="Burn list")
    text = told(app)

    assert text.count("These overlap: by payback alone they cannot be told apart.") == 1
    assert "Pays for itself in 6.8 to 19 weeks, as likely as not within 11." in text
    assert "What it costs and what it gives back are not known yet." in text
    assert (
        "In one of one outcome what it cost lay inside the range. No outcome to hold what it gave back against yet."
        in text
    )
    assert "gives back not known yet (estimated 0.5 to 3)" in text
    assert "Bugs opened: before 23 Feb 2026 and since." in text
    assert any("&lt;b&gt;names" in one.proto.body for one in app.get("html"))
    assert len(app.get("download_button")) == 4


# Exploration


def test_the_share_of_exploration_is_by_sprint_with_its_interval_and_unknown_is_not_nought():
    days = [MONDAY - timedelta(days=1 + n) for n in range(28)]
    rows = pd.DataFrame(
        {
            "happened_at": [datetime.combine(one, datetime.min.time()) for one in days],
            "kind": ["exploration" if n % 7 == 0 else "goal work" for n in range(28)],
        }
    )
    before, last = exploration.shares(rows, CALENDAR, 12)

    assert (last.starts, last.value, last.n) == (MONDAY - timedelta(weeks=2), 2 / 14, 14)
    assert before.value == 2 / 14
    assert last.low < 2 / 14 < last.high
    assert exploration.shares(rows.assign(kind="goal work"), CALENDAR, 12) == []
    assert "not known yet" in exploration.sentence([], 20)
    assert exploration.sentence([before, last], 20) == (
        "In the last whole sprint 14 % of 14 finished items were exploration (4 to 34 %). The share agreed on is 20 %: a reference, and no target."
    )


# The sandbox company


def test_everything_the_company_planned_is_an_entry_of_its_kind_and_readable_as_a_plan():
    def at(week: float) -> date:
        return MONDAY + timedelta(weeks=int(week) - 67)

    entries = [(kind, body) for _, kind, _, *versions in planned(at) for _, body in versions[:1]]
    grid = next(body for kind, body in entries if kind == "capacity")

    assert {kind for kind, _ in entries} == {"rock", "capacity", "scenario", "deviation", "burn", "capability", "tool"}
    assert [wrong for kind, body in entries for wrong in BY_NAME[kind].wrong(body)] == []
    assert len(pencilled.rows(grid["people"])) == 8
    assert json.dumps(entries)
