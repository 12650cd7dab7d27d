"""A strategy hour has an agenda and one clock for all, keeps what is typed at once, and the next one opens with what came of it."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from data import CairnError
from data.entry import Entry
from data.journal import Journal, journal
from data.kinds import TALKS
from metrics import digest
from metrics import hour as hours
from metrics.__main__ import main
from metrics.brief import Line
from metrics.findings import themes
from metrics.hour import AGENDA, Hour
from metrics.plan import DASH
from metrics.questions import unsaid
from metrics.words import day
from pages import burn_list, reading, talk
from tests.test_memory import collected, fill, links, told  # noqa: F401
from tests.test_pages import open_page

NOW = datetime.now(UTC).replace(tzinfo=None)
TODAY = NOW.date()
DECISION = {"title": "Refunds by mail", "why": "They call", "owner": "Ada", "review": f"{TODAY + timedelta(weeks=6)}"}
FOLLOW_UP = {"what": "Ask two desks", "owner": "Bo", "until": f"{TODAY + timedelta(days=7)}", "state": "open"}
EXPERIMENT = {
    "change": "a second look", "whom": "the basket", "outcome": "fewer bugs", "because": "four eyes see more",
    "metric": "bugs_opened", "matters": 4, "start": f"{TODAY}", "end": f"{TODAY + timedelta(weeks=8)}", "mind": "As many bugs",
}  # fmt: skip


def begin(kept: Journal, minutes: float = 0, ended: float | None = None) -> Hour:
    """Begin an hour so many minutes ago, and end it so many minutes ago."""
    body = {"title": "Today", "begun": f"{NOW - timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%S.%f}"}
    if ended is not None:
        body["ended"] = f"{NOW - timedelta(minutes=ended):%Y-%m-%dT%H:%M:%S.%f}"
    kept.write("hour", body, "Ada")
    return hours.hours(kept.entries("hour"))[-1 if ended is None else 0]


def type_in(app, label: str, words: str):
    """Type into the first place of a label, and leave it or send it."""
    places = [*((one.label, one) for one in app.text_input), *((one.placeholder, one) for one in app.chat_input)]
    next(one for name, one in places if name == label).set_value(words)
    app.run()
    assert not app.exception
    return app


def press(app, label: str):
    next(one for one in app.button if one.label == label).click()
    app.run()
    assert not app.exception
    return app


def at(minute: float, hour: Hour) -> str:
    return hours.clock(hour, hour.begun + timedelta(minutes=minute))


def test_the_agenda_fills_an_hour_and_has_the_four_talks_and_asks_of_the_work():
    assert hours.WHOLE == 60
    assert tuple(item.talk for item in AGENDA if item.talk) == TALKS
    for item in AGENDA:
        assert len(item.asks.split()) <= 16
        assert "?" in item.asks
        assert unsaid(item.asks, question=True) == []


@pytest.mark.usefixtures("collected")
def test_the_clock_tells_the_minute_and_the_item_and_ends_by_itself_when_nobody_ends_it():
    hour = begin(journal())

    assert at(0, hour) == "Minute 0 of 60. By the agenda: Last time, until minute 5."
    assert at(24.9, hour).startswith("Minute 24 of 60. By the agenda: Architecture across teams, until minute 25")
    assert at(59.9, hour).endswith("Decide, until minute 60.")
    assert at(67, hour) == "The hour is over. Seven minutes more so far."
    assert hours.running([hour], hour.begun + timedelta(hours=3)) is hour
    assert hours.running([hour], hour.begun + timedelta(hours=5)) is None
    assert hours.last([hour], hour.begun + timedelta(hours=5)) is hour


@pytest.mark.usefixtures("collected")
def test_two_who_begin_at_once_are_in_the_same_hour():
    kept = journal()
    begin(kept, 2)
    begin(kept, 1)
    told = hours.hours(kept.entries())

    assert hours.running(told, NOW) is told[-1]
    assert told[-1].begun < told[0].begun


@pytest.mark.usefixtures("collected")
def test_what_is_kept_in_the_last_second_belongs_to_the_hour():
    app = press(open_page("hour.py"), "Begin the hour")
    kept = journal()
    kept.write("decision", DECISION, "Ada")
    press(app, "End the hour")
    (hour,) = hours.hours(kept.entries())

    assert hour.ended > kept.entries("decision")[0].at
    assert [one.kind for one in hours.within(kept.everything(), hour)] == ["decision"]


@pytest.mark.usefixtures("collected")
def test_an_hour_whose_beginning_is_no_moment_is_passed_over():
    journal().write("hour", {"title": "Broken", "begun": "half past"}, "Ada")

    assert hours.hours(journal().entries()) == []
    assert "No strategy hour was held yet." in told(open_page("hour.py"))


@pytest.mark.parametrize("item", [item.name for item in AGENDA])
@pytest.mark.usefixtures("collected")
def test_every_item_opens_from_its_link_with_its_question_and_without_a_word_that_judges(item):
    begin(journal())
    app = open_page("hour.py", item=item)

    assert app.radio(key="item").value == item
    assert next(one for one in AGENDA if one.name == item).asks in told(app)
    own = told(app).replace("<b>Totals</b> ![x](https://evil.example/x.png)", "").replace(burn_list.NONE, "")
    assert unsaid(own) == []


@pytest.mark.usefixtures("collected")
def test_what_is_typed_is_kept_at_once_and_is_seen_by_whoever_looks():
    app = press(open_page("hour.py", item="Findings from customers"), "Begin the hour")
    app = type_in(app, "Your name, as colleagues know you", "Ada")
    app = type_in(app, "Something to talk about", "Refunds take a phone call")
    app = type_in(app, "What is said about it", "They call on Mondays")
    for _ in range(2):  # a line may reach the server twice
        app = type_in(app, "What is said, and worth keeping", "Two desks asked")
    other = told(open_page("hour.py", item="Findings from customers"))
    kept = journal()
    (topic,) = kept.entries("topic")

    assert topic.body == {"what": "Refunds take a phone call", "day": f"{TODAY}", "state": "open", "talk": TALKS[0]}
    assert [(one.answers["what"], one.answers.get("of"), one.author) for one in kept.entries("said")] == [
        ("Two desks asked", None, "Ada"),
        ("They call on Mondays", topic.id, "Ada"),
    ]
    for words in ("Refunds take a phone call", "They call on Mondays", "Two desks asked"):
        assert words in other
    assert "Refunds" not in told(open_page("hour.py", item="Tools we need"))

    press(app, "Talked about")
    (now,) = kept.entries("topic")
    assert (now.answers["state"], now.answers["said"]) == ("done", "They call on Mondays")
    assert "Refunds take a phone call" in told(open_page("hour.py", item="Findings from customers"))


@pytest.mark.usefixtures("collected")
def test_what_a_signal_is_talked_about_lands_on_the_agenda_with_its_chart():
    view = "metric=Bugs+opened&every=week"
    write = {"write": "topic", "what": "Bugs opened moved", "metric": "bugs_opened", "view": view}
    fill(open_page("memory.py", **write), Your_name="Ada")
    begin(journal())
    app = open_page("hour.py")

    assert "Bugs opened moved" in told(app)
    assert ("Open the chart", {"metric": ["Bugs opened"], "every": ["week"]}) in links(app)
    app = press(app, "Decide something about it")
    assert app.radio(key="item").value == "Decide"
    asked = {one.label.split(" (")[0]: one.value for one in (*app.text_area, *app.selectbox)}
    assert asked["What made it necessary"] == "Bugs opened moved"
    assert asked["The number in which we expect to see it"] == "bugs_opened"


@pytest.mark.usefixtures("collected")
def test_an_hour_ends_with_decisions_that_have_an_owner_and_a_day():
    begin(journal())
    app = press(open_page("hour.py", item="Decide"), "Decide something")
    app = fill(app, What_was_decided="Look twice", Why_this="They came from there", Who_volunteered="Bo")
    assert "Your name is still empty." in told(app)
    app.text_input(key="author").set_value("Ada")
    press(app, "Keep it")
    (decision,) = journal().entries("decision")

    assert (decision.answers["owner"], decision.author) == ("Bo", "Ada")
    assert date.fromisoformat(decision.answers["review"]) == TODAY + timedelta(weeks=6)
    assert "write" not in app.query_params
    assert "Look twice" in told(app)


@pytest.mark.usefixtures("collected")
def test_minutes_hold_what_was_said_by_the_agenda_and_what_was_decided_and_nothing_of_before_or_after():
    kept = journal()
    kept.write("decision", {**DECISION, "title": "Long ago"}, "Ada")
    kept.write("topic", {"what": "A *long* queue", "day": f"{TODAY}", "state": "open", "talk": TALKS[1]}, "Bo")
    (topic,) = kept.entries("topic")
    hour = Hour(kept.entries()[0], talk.now(), None)
    said = {"item": "Architecture across teams", "hour": hour.entry.id}
    kept.write("said", {**said, "what": "It is a border", "of": topic.id}, "Ada")
    kept.write("said", {**said, "what": "Two teams wait"}, "Ada")
    kept.write("gut_check", {"apart": "today", "role": "EM", "talk": "A secret"}, "Ada")
    kept.write("decision", DECISION, "Ada")
    kept.write("experiment", EXPERIMENT, "Ada")
    kept.write("note", {"what": "A fair", "sort": "other", "since": f"{TODAY}"}, "Ada")
    hour = Hour(hour.entry, hour.begun, talk.now())
    kept.write("decision", {**DECISION, "title": "Afterwards"}, "Ada")
    minutes = hours.minutes(hour, kept.everything(), "Us", "UTC")

    assert "## Architecture across teams\n\n- **A \\*long\\* queue**\n  - It is a border\n- Two teams wait\n" in minutes
    assert "## Decisions\n\n- **Refunds by mail**: why: They call; Ada sees to it; comes back on" in minutes
    assert "## Experiments\n\n- **a second look, for the basket**" in minutes
    assert "- Note: **A fair**" in minutes
    assert not [one for one in ("Long ago", "Afterwards", "secret", "Findings") if one in minutes]


@pytest.mark.usefixtures("collected")
def test_the_next_hour_opens_with_all_of_it_and_with_what_came_of_it():
    kept = journal()
    begun = talk.now()
    decision = kept.write("decision", DECISION, "Ada")
    follow_up = kept.write("follow_up", FOLLOW_UP, "Ada")
    kept.write("experiment", EXPERIMENT, "Ada")
    hour = kept.write("hour", {"title": "Last", "begun": begun.isoformat(), "ended": talk.now().isoformat()}, "Ada")
    done = {**FOLLOW_UP, "state": "done", "came": "Both want it"}
    kept.write("follow_up", done, "Bo", entry=follow_up.id, base=1)
    kept.write("decision", {**DECISION, "title": "Refunds by hand", "instead": decision.id}, "Ada")
    kept.write("deviation", {"what": "Deposits wait", "why": "A key was missing"}, "Ada")
    before = Hour(hour, begun, datetime.fromisoformat(hour.answers["ended"]))

    def opened(today: date) -> dict[str, list[tuple[str, str]]]:
        parts = hours.opening(kept.entries(), kept.everything(), before, today, [Line("Bugs moved")], None)
        return {one.title.split(" of ")[0]: [(line.what, line.more) for line in one.lines] for one in parts}

    parts = opened(TODAY)
    assert ("Refunds by mail", "decided otherwise: Refunds by hand") in parts["What came"]
    assert ("Follow-up: Ask two desks", "done: Both want it") in parts["What came"]
    assert any(what == "Experiment: a second look, for the basket" for what, _ in parts["What came"])
    assert parts["What moved since"] == [("Bugs moved", "")]
    assert parts["Beside the plan"] == [("Deposits wait", "A key was missing")]
    assert parts["Experiments that ended since"] == []

    later = opened(TODAY + timedelta(weeks=9))
    assert [what for what, _ in later["Experiments that ended since"]] == ["a second look, for the basket"]
    assert ("Refunds by hand", "still open, three weeks; Ada") in later["Due"]
    page = told(open_page("hour.py"))
    assert "Follow-up: Ask two desks" in page
    assert "done: Both want it" in page


@pytest.mark.usefixtures("collected")
def test_what_moved_becomes_a_topic_of_the_hour_with_one_click_and_once(monkeypatch):
    moved = SimpleNamespace(metric=SimpleNamespace(name="bugs_opened"))
    monkeypatch.setattr(reading, "moving", lambda _: [moved])
    monkeypatch.setattr(reading, "moved", lambda _, watches: watches)
    monkeypatch.setattr(digest, "first_told", lambda _: TODAY)
    monkeypatch.setattr(digest, "headline", lambda _: "Bugs opened moved in the week of 2 March")
    begin(journal())
    app = press(press(open_page("hour.py"), "Talk about this"), "Talk about this")
    (topic,) = journal().entries("topic")

    assert topic.answers["what"] == "Bugs opened moved in the week of 2 March"
    assert topic.answers["metric"] == "bugs_opened"
    assert "metric=Bugs+opened" in topic.answers["view"]
    assert any(asked.get("metric") == ["Bugs opened"] for label, asked in links(app) if label == "Open the chart")


def test_findings_are_told_by_theme_with_what_is_new_and_what_was_known():
    def found(days: int, theme: str, what: str, nth: int) -> Entry:
        body = {"what": what, "day": f"{TODAY - timedelta(days=days)}", "theme": theme}
        return Entry(f"f{nth}", 1, 0, "finding", body, "Ada", NOW, nth)

    entries = [
        found(300, "Push", "They arrive twice", 1), found(40, "deposits", "They differ", 2), found(2, "Deposits", "They are asked for", 3),
        found(1, "", "A desk called", 4), found(3, "Search", "Nothing found", 5), found(-2, "Search", "From tomorrow", 6),
    ]  # fmt: skip
    told = themes(entries, TODAY, TODAY - timedelta(days=7))

    assert [(one.name, len(one.findings), one.new, one.known) for one in told] == [
        ("Deposits", 2, 1, True),
        ("Search", 1, 1, False),
        ("Without a theme", 1, 1, False),
    ]


@pytest.mark.usefixtures("collected")
def test_the_talks_show_findings_capabilities_and_tools_as_they_were_written_and_nothing_that_is_done():
    kept = journal()
    finding = {"what": "They differ in the shop", "theme": "Deposits", "day": f"{TODAY}", "shown": "hidden"}
    kept.write("finding", finding, "Ada")
    capability = {"what": "Trying a release on ourselves", "unlocks": "Releases every day", "low": 3, "high": 2, "state": "open"}  # fmt: skip
    kept.write("capability", capability, "Ada")
    kept.write("capability", {**capability, "what": "Long done", "state": "done"}, "Ada")
    tool = {"what": "A queue that shows itself", "why": "We look into logs", "cost": "200 a month", "low": 5, "state": "open"}  # fmt: skip
    kept.write("tool", tool, "Ada")

    said = told(open_page("hour.py", item="Findings from customers"))
    assert f"One in the last twelve weeks, one since {day(TODAY - hours.LOOKS_BACK)}: a new theme" in said
    assert "They differ in the shop" in said
    said = told(open_page("hour.py", item="Capabilities to unlock"))
    assert f"Takes 2{DASH}3 sprints" in said
    assert "Releases every day" in said
    assert "Long done" not in said
    said = told(open_page("hour.py", item="Tools we need"))
    assert "What it may give back is not known yet · What it costs, and for how long: 200 a month" in said


@pytest.mark.usefixtures("collected")
def test_lines_of_a_talk_are_found_in_memory_and_do_not_fill_its_list():
    begin(journal())
    type_in(open_page("hour.py"), "What is said, and worth keeping", "The ledger rests")

    assert "The ledger rests" not in told(open_page("memory.py"))
    assert "The ledger rests" in told(open_page("memory.py", sought="ledger"))
    assert "The ledger rests" in told(open_page("memory.py", kept="Said in a talk"))


@pytest.mark.usefixtures("collected")
def test_the_agenda_and_the_minutes_can_be_sent():
    runner, kept = CliRunner(), journal()
    early = runner.invoke(main, ["minutes"])
    hour = begin(kept, 30)
    kept.write("decision", DECISION, "Ada")
    during = runner.invoke(main, ["minutes"])
    kept.write("hour", {**hour.entry.answers, "ended": talk.now().isoformat()}, "Ada", entry=hour.entry.id, base=1)
    kept.write("topic", {"what": "A *long* queue", "day": f"{TODAY}", "state": "open", "talk": TALKS[1]}, "Bo")
    agenda = runner.invoke(main, ["agenda"])

    assert isinstance(early.exception, CairnError)
    assert "No strategy hour was held yet" in str(early.exception)
    assert "- **Refunds by mail**: why: They call; Ada sees to it" in during.output
    assert agenda.exit_code == 0, agenda.output
    first, _, rest = agenda.output.partition("## 5 to 15: Findings from customers")
    assert "- **Decision: Refunds by mail**" in first
    assert "## 15 to 25: Architecture across teams" in rest
    assert "**To talk about**\n\n- **A \\*long\\* queue**\n" in rest
