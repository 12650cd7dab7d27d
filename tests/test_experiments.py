"""An experiment says before it begins what it could show, nothing while it runs, and at its end no more than its weeks show."""

import html
import random
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

import metrics
from collectors import sandbox
from collectors.sandbox.stories import STORIES
from data import CairnError, Team, team
from data.journal import begun, journal
from data.kinds import BY_NAME, due, superseded
from metrics import experiment, planned
from metrics.before_after import since
from metrics.forecast import backtest
from metrics.noted import Noted
from pages.pencil import RECORDS
from tests import test_pages
from tests.test_memory import fill
from tests.test_pages import happenings, linked, open_page, week

BODY = {
    "change": "two reviewers", "whom": "checkout", "outcome": "fewer bugs", "because": "four eyes", "metric": "bugs_opened",
    "matters": 4, "start": "2026-01-05", "end": "2026-03-29", "mind": "As many bugs as before",
}  # fmt: skip
FIRST = date(2025, 7, 7)


def points(*levels: float, noise: float = 0.5) -> pd.DataFrame:
    luck = random.Random(3)
    starts = [FIRST + timedelta(weeks=n) for n in range(len(levels))]
    told = {"starts": starts, "ends": [one + timedelta(weeks=1) for one in starts]}
    return pd.DataFrame({**told, "value": [max(0.0, level + luck.gauss(0, noise)) for level in levels], "n": 9})


def told(app) -> str:
    return html.unescape(test_pages.told(app))


def test_a_plan_that_says_nothing_is_told_what_it_lacks():
    for wrong, said in (
        ({"metric": "nonsense"}, "no such number"),
        ({"metric": "throughput", "hoped": ""}, "say which way"),
        ({"matters": 0}, "above 0"),
        ({"matters": None}, "above 0"),
        ({"end": "2026-01-05"}, "before its first"),
        ({"start": "soon"}, "a first and a last day"),
        ({"against": "shop"}, "Say in which part"),
        ({"area": "shop", "against": "shop"}, "the change does not reach"),
    ):
        with pytest.raises(CairnError, match=said):
            experiment.plan({**BODY, **wrong})
    its = experiment.plan({**BODY, "guards": "Change fail rate, nonsense ,bugs_resolved"})
    assert {one.name for one in its.guards} == {"change_fail_rate", "bugs_resolved"}
    assert (its.hoped, its.weeks) == ("down", 12)


@pytest.mark.parametrize(
    ("since_then", "noise", "ended"),
    [(2, 1.0, "moved"), (20, 1.0, "moved"), (10, 1.0, "did not move"), (10, 12.0, "can't tell")],
)
def test_an_experiment_ends_in_one_of_three_words_by_its_interval_and_the_size_that_matters(since_then, noise, ended):
    weeks = points(*[10.0] * 26, *[since_then] * 12, *[1_000.0] * 8, noise=noise)
    its = experiment.plan(BODY)
    found = experiment.result(its, weeks, Team(), date(2026, 6, 1), ["a release"])

    assert found is not None
    assert found.ended == ended
    assert "a release" in found.claim.words, "what else changed always stands beside it"
    inside = found.claim.low > -4 and found.claim.high < 4
    assert (ended == "did not move") is inside, "it did not move when the interval lies within the size that matters"


def test_nothing_is_said_before_the_planned_end_however_clear_it_looks():
    weeks, its = points(*[10.0] * 26, *[2.0] * 12), experiment.plan(BODY)
    for day in range((its.end - its.start).days + 1):
        assert experiment.result(its, weeks, Team(), its.start + timedelta(days=day), ()) is None
    assert experiment.state(its, date(2026, 1, 1), weeks) == "planned"
    assert experiment.state(its, its.end, weeks) == "running"
    assert experiment.state(its, date(2026, 3, 30), weeks[:-1]) == "waiting", "its last week is not read yet"
    assert experiment.progress(its, date(2026, 1, 16)) == "Day 12 of 84"


def test_what_it_could_show_is_known_before_it_begins():
    weeks, its = points(*[10.0] * 26), experiment.plan(BODY)

    assert "four times in five" in experiment.could_show(its, weeks, Team())
    hopeless = experiment.could_show(replace(its, matters=0.01), weeks, Team())
    assert "cannot see an effect of the size that was hoped for" in hopeless
    short = replace(its, end=its.start + timedelta(weeks=2))
    assert "nothing can be told" in experiment.could_show(short, weeks, Team())


def test_a_plan_made_or_changed_after_it_began_says_so():
    its = experiment.plan(BODY)
    before, after = date(2026, 1, 2), date(2026, 2, 2)

    assert experiment.late(its, [(before, BODY)]) == ""
    assert "read it as a look back" in experiment.late(its, [(after, BODY)])
    assert "was changed on 2 Feb 2026" in experiment.late(its, [(before, BODY), (after, {**BODY, "matters": 1})])
    assert experiment.late(its, [(before, BODY), (after, {**BODY, "learned": "A lot"})]) == ""


def test_what_else_changed_is_told_by_name_where_people_wrote_it_and_else_counted():
    day = date(2026, 1, 5)
    many = [Noted(day, day, "release", f"v{n}") for n in range(30)]
    own = Noted(day, day, "experiment", "two reviewers", entry="me")
    other = Noted(day, day, "decision", "Ship daily", entry="you")

    assert experiment.nearby([own, other, *many], "me") == ("Ship daily (decision)", "30 releases")


def test_held_against_another_area_what_moved_both_is_left_out_before_it_begins_and_at_its_end():
    luck = random.Random(4)
    both = [10.0 + luck.gauss(0, 3) for _ in range(26)] + [2.0] * 12
    ours, theirs = points(*both, noise=0.3), points(*both, noise=0).iloc[::-1]
    its = experiment.plan({**BODY, "area": "pay", "against": "shop"})
    alone = experiment.result(its, ours, Team(), date(2026, 6, 1), ())
    beside = experiment.result(its, ours, Team(), date(2026, 6, 1), (), theirs)

    assert alone is not None
    assert beside is not None
    assert (alone.ended, beside.ended) == ("moved", "did not move"), "week by week, in whatever order they come"
    assert beside.claim.words.startswith("Held against shop, week by week, so that what moves both is left out. ")
    told = [experiment.could_show(its, ours, Team(), one) for one in (None, theirs)]
    sizes = [float(re.search(r"an effect of (\S+)", one)[1]) for one in told]
    assert sizes[1] < sizes[0] / 2, "what both share is no longer in the way"
    assert told[1].startswith("Held against shop")
    gone = theirs[theirs["starts"] >= FIRST + timedelta(weeks=20)]
    assert "three weeks before" in experiment.could_show(its, ours, Team(), gone), "a week that one lacks says nothing"
    few = experiment.result(its, ours, Team(), date(2026, 6, 1), (), gone)
    assert few is not None
    assert few.ended == "can't tell"


def test_without_a_size_named_beforehand_less_is_claimed():
    flat = since([10, 11, 9, 10, 12, 8] * 4, [10, 11, 9, 12, 8, 10] * 2, nearby=())
    moved = since([10, 11, 9, 10, 12, 8] * 4, [20, 21, 19, 22, 18, 20] * 2, nearby=("a release",))

    assert flat.verdict == "can't tell"
    assert "Can't tell it from how weeks differ anyway" in flat.words
    assert moved.verdict == "different"
    assert moved.words.startswith("Different since: about 10")
    assert "Other changes in that time: a release. Not proof of cause." in moved.words


# The sandbox company


@pytest.fixture(scope="module", params=[date(2026, 11, 20), date(2027, 2, 5)], ids=str)
def company(request, sandbox_of, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        sandbox_of(patch, request.param, tmp_path_factory.mktemp("company"))
        yield request.param


def test_the_experiments_of_the_sandbox_end_as_its_table_says(company):
    ends = {}
    for entry in journal("sandbox").entries("experiment"):
        its = experiment.plan(entry.body)
        fewer = replace(its.metric, minimum=min(its.metric.minimum, experiment.FEW))
        weeks = metrics.trend(fewer, "week", area=its.area)
        found = experiment.result(its, weeks, team(), company, ())
        ends[its.area] = found and found.ended
        assert experiment.could_show(its, weeks, team())
        assert experiment.late(its, [(one.at.date(), one.body) for one in journal("sandbox").history(entry.id)]) == ""
    table = {story.place: story.name for story in STORIES if story.name.startswith("experiment")}

    assert {table.get(place): end for place, end in ends.items()} == {
        "experiment_worked": "moved",
        "experiment_failed": "did not move",
        "experiment_too_short": "can't tell",
        None: None,
    }, "and one is still running"


@pytest.mark.usefixtures("company")
def test_forecasts_of_the_companys_plan_have_held_as_often_as_they_say():
    series = [planned.finished(project)["items"] for project in (None, "SHOP", "PAY", "OPS")]
    sprint, *further = ([backtest(one, 2 * sprints, every=2) for one in series] for sprints in RECORDS)

    assert 0.8 <= sprint[0].share <= 0.9, "of the whole plan, as the page tells it"
    assert 0.8 <= sum(one.held for one in sprint) / sum(one.of for one in sprint) <= 0.9
    whole = [sprint[0], *(ahead[0] for ahead in further)]
    assert 0.8 <= sum(one.share * one.apart for one in whole) / sum(one.apart for one in whole) <= 0.9, "near and far"
    assert all(one.share >= 0.8 for ahead in further for one in ahead), "a calm team hears too little, never too much"


def test_the_sandbox_has_a_year_of_journal_written_once_and_into_its_own(company):
    kept = journal("sandbox")
    entries = kept.entries()
    last = kept.last()
    sandbox.remember(company)

    assert kept.last() == last, "written once"
    assert not begun("team"), "and never into a team's"
    assert {one.kind for one in entries} == set(BY_NAME)
    whole = [one for one in kept.everything() if one.body]
    assert [problem for one in whole for problem in BY_NAME[one.kind].wrong(one.body)] == []
    days = [one.at.date() for one in kept.everything()]
    assert max(days) <= company
    assert max(days) - min(days) > timedelta(days=365)
    assert {"open", "done", "let go"} == {one.body["state"] for one in kept.entries("follow_up")}
    assert {one.kind for one in due(kept.entries(), company)} >= {"decision", "follow_up"}
    assert len(superseded(entries)) == 1
    wrote = kept.write("note", {"what": "Ours", "sort": "other", "since": "2026-11-02"}, "Ada")
    sandbox.remember(company + timedelta(days=40))
    assert wrote.id in {one.id for one in kept.entries()}, "what somebody wrote there stays"
    assert len({one.body["metric"] for one in kept.entries("experiment")}) == 3
    assert len(kept.entries("experiment")) == 4, "another month has another life, and its words only"


# Pages


def press(app, label: str):
    next(one for one in app.button if one.label == label).click()
    app.run()
    assert not app.exception
    return app


@pytest.fixture
def collected(publish_nouns, monkeypatch, tmp_path):
    return publish_nouns(monkeypatch, tmp_path, **happenings())


@pytest.mark.usefixtures("collected")
def test_while_it_runs_the_page_says_how_far_it_is_and_whether_its_guards_come_in_and_nothing_else():
    today = datetime.now(UTC).date()
    plan = {
        **BODY,
        "start": f"{week(20):%Y-%m-%d}",
        "end": f"{today + timedelta(days=30)}",
        "guards": "Deployment frequency",
    }
    journal().write("experiment", plan, "Ada")
    text = told(open_page("experiments.py"))

    assert "We believe that two reviewers for checkout will lead to fewer bugs, because four eyes" in text
    assert f"Day {(today - week(20).date()).days + 1} of " in text
    assert "No verdict before" in text
    assert "Meant to stay, Deployment frequency: comes in, read to 31 May." in text
    assert "What would change our mind: As many bugs as before" in text
    assert not any(
        word in text.lower() for word in ("moved", "did not move", "can't tell", "consistent with", "shorter")
    )


@pytest.mark.usefixtures("collected")
def test_after_the_end_the_page_says_one_of_three_words_with_what_stands_behind_it():
    plan = {**BODY, "start": f"{week(18):%Y-%m-%d}", "end": f"{week(27):%Y-%m-%d}"}
    journal().write("experiment", plan, "Ada")
    journal().write("experiment", {**plan, "metric": "nonsense"}, "Ada")
    journal().write("decision", {"title": "Ship daily", "since": f"{week(20):%Y-%m-%d}"}, "Bo")
    text = told(open_page("experiments.py"))

    assert "Did not move" in text
    assert "Ship daily (decision)" in text
    assert "read it as a look back" in text
    assert "one experiment ended: one did not move" in text.lower()
    assert "Effects on different numbers are not added up." in text
    assert "There is no such number to judge it by" in text


def lines(app) -> list[set[str]]:
    """Return the words over the days that each chart marks, and those days."""
    return [{f"{word} {day}" for day, word in one.days} for one in linked(app)]


@pytest.mark.usefixtures("collected")
def test_the_weeks_of_a_running_experiment_are_drawn_from_its_first_to_its_last_day_and_no_mark_judges_them():
    start, end = week(20).date(), datetime.now(UTC).date() + timedelta(days=30)
    for _ in range(7):
        journal().write("experiment", {**BODY, "start": f"{start}", "end": f"{end}"}, "Ada")
    app = open_page("experiments.py")

    assert lines(app) == [{f"begins {start}", f"ends {end}"}] * 5, "of those after the fifth on their own page"
    (chart, *_) = linked(app)
    assert "<rect" in chart.lines, "the usual range"
    assert not any("unusual" in said for _, _, _, said in chart.marks)
    assert {query["metric"] for query, _, _, _ in chart.marks} == {"Bugs opened"}, "each leads to its rows"
    assert "(baseline " in told(app)


@pytest.mark.usefixtures("collected")
def test_the_weeks_of_one_that_ended_are_drawn_on_its_own_page():
    start, end = week(18).date(), week(27).date()
    kept = journal().write("experiment", {**BODY, "start": f"{start}", "end": f"{end}"}, "Ada")
    apart = journal().write("experiment", {**BODY, "start": "2099-01-05", "end": "2099-03-29"}, "Ada")

    assert lines(open_page("experiments.py")) == []
    assert lines(open_page("memory.py", entry=kept.id)) == [{f"begins {start}", f"ends {end}"}]
    assert lines(open_page("memory.py", entry=apart.id)) == [], "before it begins there is nothing of it to draw"


@pytest.mark.usefixtures("collected")
def test_the_area_it_is_held_against_is_named_and_drawn_dashed():
    plan = {**BODY, "area": "pay", "against": "basket", "start": f"{week(18):%Y-%m-%d}", "end": f"{week(27):%Y-%m-%d}"}
    kept = journal().write("experiment", plan, "Ada")
    nowhere = journal().write("experiment", {**plan, "against": "baskett"}, "Ada")
    app = open_page("memory.py", entry=kept.id)

    assert "judged by Bugs opened of pay, held against basket, hoped down" in told(app)
    assert "Held against basket, week by week, so that what moves both is left out." in told(app)
    assert "· dashed: basket" in told(app), "also where the words in the picture have no room"
    assert "dashed: basket" in linked(app)[0].alt
    assert "Did you mean 'basket'?" in told(open_page("memory.py", entry=nowhere.id))


@pytest.mark.usefixtures("collected")
def test_what_it_could_show_is_on_the_screen_before_it_can_be_kept():
    answers = {name: value for name, value in BODY.items() if name not in {"matters", "mind", "because"}}
    app = open_page("memory.py", write="experiment", **{**answers, "area": "pya"})
    app.number_input[0].set_value(1.0)

    for asks, words in (("… because", "four eyes"), ("What would change", "As many"), ("Your name", "Ada")):
        next(one for one in (*app.text_input, *app.text_area) if one.label.startswith(asks)).set_value(words)
    press(app, "What could it show?")
    assert "There is no area 'pya'. Did you mean 'pay'?" in told(app)
    next(one for one in app.text_input if one.label.startswith("The part")).set_value("")
    press(app, "What could it show?")
    assert "four times in five" in told(app) or "nothing can be told" in told(app)
    assert "The smallest change that would matter is 1 bugs." in told(app)
    assert journal().entries() == [], "nothing is kept yet"
    app.number_input[0].set_value(2.0)
    press(app, "Keep it")
    assert "The smallest change that would matter is 2 bugs." in told(app)
    assert journal().entries() == [], "another plan is told anew"
    press(app, "Keep it")
    (kept,) = journal().entries()
    assert kept.body["matters"] == 2
    assert kept.author == "Ada"


@pytest.mark.usefixtures("collected")
def test_a_decision_comes_back_with_the_number_before_and_since_and_what_can_be_done():
    decided = {
        "title": "Ship on Fridays", "why": "Asked", "owner": "Ada", "metric": "bugs_opened", "expected": "No more bugs",
        "since": f"{week(16):%Y-%m-%d}",
    }  # fmt: skip
    kept = journal()
    early = kept.write("decision", {**decided, "review": "2099-01-01"}, "Ada")
    assert "Before and since" not in told(open_page("memory.py", entry=early.id))
    now = kept.write("decision", {**decided, "review": "2026-01-09"}, "Ada")
    app = open_page("memory.py", entry=now.id)
    text = told(app)

    assert "Before and since" in text
    sides = next(line for line in text.splitlines() if line.startswith("Bugs opened: about"))
    assert re.fullmatch(
        r"Bugs opened: about \d bugs in the \S+ weeks before 23 Feb 2026, about \d bugs in the \S+ weeks since\.", sides
    )
    assert "Can't tell it from how weeks differ anyway" in text or "Different since" in text
    assert "What we expected to see: No more bugs" in text
    later = (datetime.now(UTC).date() + timedelta(weeks=6)).isoformat()
    app = fill(press(app, "Keep it, and look again later"), Your_name="Bo")
    assert kept.history(now.id)[-1].body == {**decided, "review": later}
    assert now.id not in {one.id for one in due(kept.entries(), datetime.now(UTC).date())}
    app = press(open_page("memory.py", entry=now.id), "Follow-up")
    assert "What it comes from: Ship on Fridays" in told(app)


@pytest.mark.usefixtures("collected")
def test_a_decision_that_was_replaced_stays_and_says_by_what():
    kept = journal()
    old = kept.write(
        "decision", {"title": "Ship on Fridays", "why": "Asked", "owner": "Ada", "review": "2026-01-09"}, "Ada"
    )
    app = press(open_page("memory.py", entry=old.id), "Decide otherwise")
    assert "The decision it takes the place of: Ship on Fridays" in told(app)
    fill(app, What_was_decided="Ship daily", Why_this="It went well", Who_volunteered="Bo", Your_name="Bo")
    new = next(one for one in kept.entries() if one.id != old.id)
    app = open_page("memory.py", entry=old.id)

    assert new.body["instead"] == old.id
    assert "Superseded on" in told(app)
    assert "Ship daily" in told(app)
    assert "Decide otherwise" not in {one.label for one in app.button}
    assert old.id not in {one.id for one in due(kept.entries(), date(2030, 1, 1))}
    assert "superseded by: Ship daily" in told(open_page("memory.py"))
    assert any("cairn-gone" in one.proto.body for one in open_page("memory.py").get("html"))
