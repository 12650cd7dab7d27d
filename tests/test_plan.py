"""The plan is words people wrote and numbers that say what came of them: nothing is a score, and nobody's words are lost."""

import json
import re
import shutil
from datetime import date, datetime, timedelta

import pytest
import streamlit as st
from playwright.sync_api import expect
from typer.testing import CliRunner

import data.__main__
from data.entry import Entry
from data.journal import Journal, journal, read_twin
from data.kinds import BY_NAME, GOAL, SUGGESTED_ON, due, kind, title
from metrics import search
from metrics.stones import stones
from pages import alignment, suggestions
from tests.test_browser import browser, dashboard, link, settle, visit
from tests.test_memory import fill, links, told
from tests.test_pages import happenings, open_page, week

__all__ = ["browser", "visit"]  # fixtures

GOAL_OF = {
    "destination": "Nobody meets a bug twice", "horizon": "short", "metric": "bugs_opened", "way": "down", "far": "on the way",
    "sure": "mid", "because": "Half of it is new", "review": "2099-01-01",
}  # fmt: skip
SPRINT_GOAL = {"goal": "The basket adds up", "sprint": "Sprint 7", "why": "They ask daily", "until": "2026-01-09"}
SUGGESTION = {"what": "Say which bugs", "why": "Some do not matter", "state": "open", "day": "2026-01-09"}
EPIC = {"source": "jira", "project": "SHOP", "is_bug": False, "created_at": week(3)}
STONES = [
    {**EPIC, "id": "e1", "key": "SHOP-9000", "title": "A basket that adds up", "type": "Epic", "status": "In Progress"},
    {**EPIC, "id": "e2", "key": "SHOP-9001", "title": "Cents", "status": "Done", "status_kind": "done", "parent": "SHOP-9000"},
    {**EPIC, "id": "e3", "key": "SHOP-9002", "title": "Sums", "status": "To Do", "status_kind": "queue", "parent": "SHOP-9000"},
    {**EPIC, "id": "e4", "key": "acme/checkout#77", "title": "Round", "status": "closed", "resolved_at": week(9)},
]  # fmt: skip
RELEASES = [
    {"id": f"r{repo}", "repo": f"acme/{repo}", "tag": "v2", "name": "v2", "url": "https://evil.example/v2", "created_at": week(5)}
    for repo in ("checkout", "search")
]  # fmt: skip
RELEASES[0]["published_at"] = week(6)
MILESTONES = [
    {"id": f"m{repo}{number}", "repo": f"acme/{repo}", "number": number, "created_at": week(4), "state": "open", **more}
    for repo, number, more in (
        ("checkout", 3, {"title": "Autumn", "state": "closed", "closed_at": week(9), "open_issues": 1, "closed_issues": 4}),
        ("checkout", 4, {"title": "A till that prints", "due_at": week(40), "open_issues": 2, "closed_issues": 1}),
        ("search", 4, {"title": "Autumn", "open_issues": 0, "closed_issues": 0}),
        ("search", 5, {"title": "v2", "open_issues": 0, "closed_issues": 2}),
    )
]  # fmt: skip


@pytest.fixture(scope="module")
def published(publish_nouns, tmp_path_factory):
    there = happenings()
    there["issues"] += STONES
    more = {**EPIC, "is_bug": True, "status_kind": "queue", "type": "Bug"}
    there["issues"] += [
        {**more, "id": f"more-{n}-{nth}", "key": f"SHOP-8{n:02}{nth}", "created_at": week(n)}
        for n in range(18, 30)
        for nth in range(9)
    ]
    place = tmp_path_factory.mktemp("collected")
    with pytest.MonkeyPatch.context() as patch:
        publish_nouns(patch, place, **there, releases=RELEASES, milestones=MILESTONES)
    return place


@pytest.fixture
def collected(published, monkeypatch, tmp_path):
    """What was collected, with a journal nobody has written in."""
    st.cache_data.clear()  # another journal under the name of the same edition
    shutil.copytree(published, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))


def goal_on(day: date, body: dict, id_: str = "one", version: int = 1) -> None:
    """Write a version of a goal as it was accepted on a day."""
    at = datetime.combine(day, datetime.min.time())
    journal().adopt([Entry(id_, version, version - 1, "goal", body, "Ada", at)])


def ordered(role: str, *goals: Entry, horizon: str = "short") -> Entry:
    given = alignment.given(journal(), horizon)
    body = {"apart": alignment.open_round(given, horizon), "role": role}
    return journal().write("order", {**body, "goals": " ".join(one.id for one in goals)}, role)


def goals(*names: str, **other: str) -> list[Entry]:
    return [journal().write("goal", {**GOAL_OF, "destination": name, **other}, "Ada") for name in names]


# What a goal says


@pytest.mark.usefixtures("collected")
@pytest.mark.parametrize("section", ["", "Alignment", "Sprint goals", "Suggestions", "<b>nonsense"])
def test_every_part_of_the_plan_opens_from_its_link_before_anything_is_written(section):
    text = told(open_page("plan.py", horizon="nonsense", **({"section": section} if section else {})))

    assert (section if section[:1] != "<" else "Goals") in text
    assert "yet" in text


@pytest.mark.usefixtures("collected")
def test_a_goal_says_how_far_how_sure_and_what_changed_since_when_and_never_a_share_done():
    goal_on(date(2026, 1, 5), GOAL_OF)
    later = {**GOAL_OF, "sure": "low", "because": "The basket moved", "changed": "Bugs of the basket came back"}
    goal_on(date(2026, 3, 2), later, version=2)
    goal_on(date(2026, 4, 6), {**later, "why": "They leave"}, version=3)
    app = open_page("plan.py")
    text = told(app)

    assert "How far: on the way, since 5 Jan 2026" in text
    assert "How sure: low, since 2 Mar 2026. The basket moved" in text
    assert "Changed on 2 Mar 2026: Bugs of the basket came back" in text
    assert "Seen in Bugs opened, meant to fall" in text
    assert "Bugs opened ranged from" in text
    assert "Usual " in text
    assert [asked["metric"] for label, asked in links(app) if label == "Its chart and rows"] == [["Bugs opened"]]
    assert not app.get("progress")
    assert not any('<table class="cairn-bars' in one.proto.body for one in app.get("html")), (
        "nothing is drawn as a share of the way"
    )


@pytest.mark.usefixtures("collected")
def test_a_number_that_moved_since_a_goal_is_seen_in_it_says_so_with_both_sides_and_what_else_changed():
    goal_on(week(18).date(), GOAL_OF)
    goal_on(week(18).date(), {**GOAL_OF, "metric": "deployment_frequency"}, id_="other")
    journal().write("decision", {"title": "Ship daily", "since": f"{week(20):%Y-%m-%d}"}, "Bo")
    app = open_page("plan.py")
    text = told(app)

    assert re.search(
        r"Bugs opened: about 3 bugs in the \d+ weeks before 9 Mar 2026, about 12 bugs in the twelve weeks since", text
    )
    assert "Different since: about" in text
    assert "Ship daily (decision)" in text
    assert "Since 9 Mar 2026: Can't tell it from how weeks differ anyway" in text
    assert not any(word in text.lower() for word in ("improved", "worse", "good", "bad "))


@pytest.mark.usefixtures("collected")
def test_a_stone_stands_as_its_source_says_and_one_that_no_source_knows_says_so():
    named = "SHOP-9000, a basket that adds up,checkout#77, acme/search v2, checkout v2, v2, , SHOP-77777, SHOP-77777"

    assert [(one.name, one.state) for one in stones(named)] == [
        ("SHOP-9000 A basket that adds up", "In Progress, one piece of it open"),
        ("SHOP-9000 A basket that adds up", "In Progress, one piece of it open"),
        ("acme/checkout#77 Round", "closed, since 5 Jan 2026"),
        ("search v2", "a draft"),
        ("checkout v2", "released, since 15 Dec 2025"),
        ("v2", "two things are called so; write it with its repository"),
        ("SHOP-77777", "not found in what was read from GitHub and Jira"),
    ]
    journal().write("goal", {**GOAL_OF, "stones": "SHOP-9000, checkout v2, Our own notes"}, "Ada")
    app = open_page("plan.py")
    assert "SHOP-9000 A basket that adds up: In Progress, one piece of it open" in told(app)
    assert "Our own notes: not found in what was read from GitHub and Jira" in told(app)
    drawn = [one.proto.body for one in app.get("html")]
    assert any('href="/item?id=e1"' in body for body in drawn)
    assert not any("evil.example" in body for body in drawn), "an address that is not safe leaves its text alone"


@pytest.mark.usefixtures("collected")
def test_a_stone_may_be_a_milestone_by_its_title_or_its_number():
    named = "a till that prints, checkout milestone 4, acme/checkout Milestone 3, search autumn, Autumn, search milestone 5, checkout milestone 77"
    due = f"open, due {week(40).day} {week(40):%b %Y}, two pieces of it open"

    assert [(one.name, one.state) for one in stones(named)] == [
        ("checkout milestone 4 A till that prints", due),
        ("checkout milestone 4 A till that prints", due),
        ("checkout milestone 3 Autumn", "closed, since 5 Jan 2026"),
        ("search milestone 4 Autumn", "open"),
        ("Autumn", "two things are called so; write it with its repository"),
        ("search milestone 5 v2", "open, none of its pieces open"),
        ("checkout milestone 77", "not found in what was read from GitHub and Jira"),
    ]
    assert [one.name for one in stones("search v2")] == ["search v2"], "a release that is called so goes first"
    journal().write("goal", {**GOAL_OF, "stones": "checkout milestone 4"}, "Ada")
    assert f"checkout milestone 4 A till that prints: {due}" in told(open_page("plan.py"))


@pytest.mark.usefixtures("collected")
def test_whatever_stands_in_a_plan_is_shown_as_it_was_typed():
    wild = "<script>alert(1)</script> ![x](https://evil.example/x.png) **b**"
    kept = journal()
    goal = kept.write(
        "goal", {**GOAL_OF, "destination": wild, "area": wild, "metric": "bugs_opened", "stones": wild}, wild
    )
    kept.write("goal", {"destination": "Nothing else", "horizon": "short", "metric": "nonsense"}, "Ada")
    kept.write("sprint_goal", {**SPRINT_GOAL, "goal": wild, "until": "soon", "of": wild}, wild)
    kept.write("suggestion", {**SUGGESTION, "on": goal.id, "what": wild, "why": wild}, wild)
    ordered("EM", goal)
    ordered("PM", goal)
    for section in ("Goals", "Alignment", "Sprint goals", "Suggestions"):
        app = open_page("plan.py", section=section)
        shown = [one.proto.body for one in app.get("html") if not one.proto.unsafe_allow_javascript]

        assert any("&lt;script&gt;" in body for body in shown)
        assert not any("<script" in body for body in shown)
        assert not any("evil" in one.value for one in app.markdown)
        assert not any("evil" in label for label, _ in links(app))


# Orders


@pytest.mark.usefixtures("collected")
def test_nobody_sees_an_order_before_both_have_given_theirs():
    one, two, three, four = goals("Calm", "Bright", "Deep", "Wide")
    mine = ordered("EM", one, two, three, four)
    pages = [open_page("plan.py", section="Alignment"), open_page("memory.py", entry=mine.id), open_page("memory.py")]
    exported = CliRunner().invoke(data.__main__.main, ["journal", "export", "--format", "md"])

    assert "EM gave an order on" in told(pages[0])
    assert "It is shown when PM has given one." in told(pages[0])
    assert "The rest is shown when the other half has answered." in told(pages[1])
    for app in pages[:2]:
        assert not any(name in told(app) for name in ("Calm", "Bright", "Deep", "Wide"))
        assert not any(one.id in str(drawn.proto) for drawn in app.get("html"))
    assert one.id not in exported.output
    assert "## Goals" in exported.output
    ordered("PM", four, two, three, one)
    text = told(open_page("plan.py", section="Alignment"))
    assert "You differ most on “Calm” (1st for EM, 4th for PM) and “Wide” (4th for EM, 1st for PM)." in text
    assert "You agree on the place of “Bright” and “Deep”." in text
    assert text.index("1. Calm") < text.index("1. Wide")
    assert "1. Calm" not in told(open_page("plan.py", section="Alignment", horizon="mid"))
    assert "Calm" in told(open_page("memory.py", entry=mine.id))


@pytest.mark.usefixtures("collected")
def test_an_order_given_anew_is_sealed_again_and_the_last_of_each_counts():
    one, two = goals("Calm", "Bright")
    ordered("EM", one, two)
    ordered("PM", one, two)
    again = ordered("EM", two, one)
    (new, half), (_, before) = alignment.given(journal(), "short").items()

    assert [alignment.order(before[role]) for role in ("EM", "PM")] == [[one.id, two.id]] * 2
    assert new == "short goals, round 2"
    assert alignment.order(half["EM"]) == [], "it is hidden, also from who would show it"
    better = ordered("EM", one, two)
    assert better.body["apart"] == again.body["apart"], "the one before was given again"
    ordered("PM", one, two)
    assert "Both orders are the same." in told(open_page("plan.py", section="Alignment"))


@pytest.mark.usefixtures("collected")
def test_an_order_is_kept_when_it_is_whole_and_says_whose_it_is():
    calm, bright = goals("Calm", "Bright")
    goals_of_later = journal().write("goal", {**GOAL_OF, "destination": "Far", "horizon": "long"}, "Ada")
    app = open_page("plan.py", section="Alignment")
    (picked,) = app.multiselect
    assert len(picked.options) == 2
    picked.set_value([bright.id])
    app = press(app, "Keep it")

    for lacking in (
        "Say if you are EM or PM.",
        "Some goals have no place in your order yet.",
        "Your name is still empty.",
    ):
        assert lacking in told(app)
    app.radio[0].set_value("PM")
    app.multiselect[0].set_value([bright.id, calm.id])
    app.text_input(key="author").set_value("Bo")
    app = press(app, "Keep it")
    order = journal().everything()[-1]
    assert alignment.order(order) == [bright.id, calm.id]
    assert (order.author, order.body["role"], order.body["apart"]) == ("Bo", "PM", "short goals, round 1")
    assert kind("order").wrong(order.body) == []
    assert goals_of_later.id not in order.body["goals"]
    assert "PM gave an order on" in told(app)


def press(app, label: str):
    next(one for one in app.button if one.label == label).click()
    app.run()
    assert not app.exception
    return app


# Suggestions and sprint goals


@pytest.mark.usefixtures("collected")
def test_a_suggestion_is_answered_with_a_reason_and_taking_it_leaves_the_goal_to_its_own_form():
    kept = journal()
    (goal,) = goals("Calm")
    for nth in range(3):
        kept.write("suggestion", {**SUGGESTION, "on": goal.id, "what": f"Say which bugs {nth}"}, "Bo")
    app = open_page("plan.py")
    assert any(one.label == "Three suggestions open" for one in app.button)
    app = press(app, "Three suggestions open")
    assert "Three suggestions are open." in told(app)
    take = next(asked for label, asked in links(app) if label == "Take it")
    app = open_page("memory.py", **{name: value for name, (value,) in take.items()})
    app = fill(app, Your_name="Cy")
    assert "'Why it was taken or declined' is still empty." in told(app)

    app = fill(app, Why_it_was="It is easy")
    answered = kept.history(take["entry"][0])[-1]
    assert (answered.body["state"], answered.body["reason"], answered.author) == ("taken", "It is easy", "Cy")
    assert len(kept.history(goal.id)) == 1, "nothing is changed in silence"
    assert f"What was suggested: {answered.body['what']}. Some do not matter" in told(app)
    assert (
        next(one for one in app.text_area if one.label.startswith("What changed last")).value == answered.body["what"]
    )
    fill(app)
    assert kept.history(goal.id)[-1].body["changed"] == answered.body["what"]
    text = told(open_page("plan.py", section="Suggestions"))
    assert "Two suggestions are open." in text
    assert "It is easy" in text


@pytest.mark.usefixtures("collected")
@pytest.mark.parametrize("name", SUGGESTED_ON)
def test_anything_of_the_plan_leads_to_a_suggestion_and_a_taken_one_back_to_its_form(name):
    kept = journal()
    body = {
        "goal": GOAL_OF,
        "rock": {"title": "Deposits", "order": 1, "low": 3, "likely": 5, "high": 9, "state": "open"},
    }[name]
    one = kept.write(name, body, "Ada")
    app = press(open_page("memory.py", entry=one.id), "Suggest a change")
    assert f"In which part of the plan: {title(one)}" in told(app)
    next(asked for asked in app.text_area if asked.label == "Why").set_value("They are away")
    app = fill(app, What_should_change="Begin later", Your_name="Bo")
    assert [entry.body["on"] for entry in kept.entries("suggestion")] == [one.id]
    app = fill(press(app, "Take it"), Why_it_was="They are")
    assert "What was suggested: Begin later. They are away" in told(app)
    assert app.query_params["entry"] in (one.id, [one.id])
    assert len(kept.history(one.id)) == 1
    app = open_page("plan.py", section="Suggestions")
    app.selectbox[-1].set_value(one.id).run()
    assert [asked["on"] for label, asked in links(app) if label == "Write it"] == [[one.id]]


@pytest.mark.usefixtures("collected")
def test_a_sprint_goal_shows_both_texts_when_two_wrote_at_once_and_how_it_ended():
    kept = journal()
    goal = kept.write("sprint_goal", SPRINT_GOAL, "Ada")
    kept.write("sprint_goal", {**SPRINT_GOAL, "why": "The desk asks"}, "Ada", entry=goal.id, base=1)
    kept.write("sprint_goal", {**SPRINT_GOAL, "why": "Customers ask"}, "Bo", entry=goal.id, base=1)
    text = told(open_page("plan.py", section="Sprint goals"))

    assert "Two people wrote at once." in text
    assert "Why: The desk asks" in text
    assert "Why: Customers ask" in text
    assert "ended 9 Jan 2026 · written by Ada and Bo" in text
    ended = {**SPRINT_GOAL, "ended": "part of the way", "came": "Cents are left"}
    kept.write("sprint_goal", ended, "Ada", entry=goal.id, base=3)
    text = told(open_page("plan.py", section="Sprint goals"))
    assert "How it ended: part of the way. Cents are left" in text
    assert "Two people wrote at once." not in text


def test_a_sprint_that_runs_leads_to_a_goal_of_its_own_until_it_has_one(nouns):
    nouns(sprints=[
        {"id": f"{place}{n}", "name": f"Sprint {n}", "state": "active" if n == 7 else "future", "goal": "Add up" if n == 7 else None,
         "started_at": week(2 * n), "ends_at": week(2 * n) + timedelta(days=11)}
        for n in (7, 8) for place in ("a", "b")
    ])  # fmt: skip
    asked = [
        query for label, query in links(open_page("plan.py", section="Sprint goals")) if label.startswith("A goal for")
    ]

    assert [one["sprint"] for one in asked] == [["Sprint 7"], ["Sprint 8"]]
    assert asked[0]["until"] == [f"{week(14) + timedelta(days=11):%Y-%m-%d}"]
    assert asked[0]["goal"] == ["Add up"]
    journal().write("sprint_goal", SPRINT_GOAL, "Ada")
    text = [label for label, _ in links(open_page("plan.py", section="Sprint goals")) if label.startswith("A goal for")]
    assert len(text) == 1


# What follows from the declarations


@pytest.mark.usefixtures("collected")
def test_what_is_planned_comes_back_on_its_day_until_it_is_over_and_is_found_and_taken_along(tmp_path):
    kept = journal()
    day = date(2026, 2, 1)
    goal = kept.write("goal", {**GOAL_OF, "review": "2026-01-09"}, "Ada")
    sprint = kept.write("sprint_goal", SPRINT_GOAL, "Ada")
    suggested = kept.write("suggestion", {**SUGGESTION, "on": goal.id}, "Bo")
    order = ordered("EM", goal)
    every = [goal, sprint, suggested, order]

    assert [kind(one.kind).wrong(one.body) for one in every] == [[]] * 4
    assert {one.id for one in due(kept.entries(), day)} == {goal.id, sprint.id, suggested.id}
    assert {one.id for one, _ in search.written("basket")} == {sprint.id}
    assert [name for _, name in search.written("twice")] == ["Goal: Nobody meets a bug twice"]
    text = told(open_page("memory.py"))
    assert "Goal: Nobody meets a bug twice" in text
    assert "Sprint goal: The basket adds up" in text
    copied = Journal(f"sqlite:///{tmp_path / 'copy.db'}", tmp_path / "copy.jsonl")
    copied.adopt(read_twin(kept.twin))
    assert [one.body for one in copied.everything()] == [json.loads(json.dumps(one.body)) for one in kept.everything()]
    assert "### The basket adds up" in BY_NAME["sprint_goal"].words(sprint)
    over = {
        goal.id: {"far": "there"},
        sprint.id: {"ended": "we got there"},
        suggested.id: {"state": "declined", "reason": "No"},
    }
    for one in every[:3]:
        kept.write(one.kind, {**one.body, **over[one.id]}, "Ada", entry=one.id, base=1)
    assert due(kept.entries(), day) == []
    app = open_page("plan.py")
    assert "Reached or let go" in told(app)
    assert "How far:" not in told(app)


@pytest.mark.usefixtures("collected")
def test_a_goal_is_begun_on_its_form_with_its_review_some_weeks_off():
    app = open_page("memory.py", write="goal", horizon="mid")
    app = fill(app, Where_we_want="Calm", What_makes_us="We tried", Your_name="Ada")
    assert "'How sure we are to get there' is still empty." in told(app)
    next(one for one in app.selectbox if one.label.startswith("How sure")).set_value("low")
    fill(app)

    (goal,) = journal().entries("goal")
    assert (goal.body["horizon"], goal.body["far"], goal.body["sure"]) == ("mid", "not begun", "low")
    assert date.fromisoformat(goal.body["review"]) - goal.at.date() >= GOAL.rhythm - timedelta(days=1)


# In a browser


@pytest.fixture
def url(collected):
    del collected
    with dashboard() as address:
        yield address


def test_two_halves_plan_together_in_two_browsers_and_neither_loses_a_word(url, visit):
    calm, bright = goals("Calm", "Bright", horizon="mid")
    sprint = journal().write("sprint_goal", SPRINT_GOAL, "Ada")
    names = {"EM": "Ada", "PM": "Bo"}
    wanted = {"EM": ["Calm", "Bright"], "PM": ["Bright", "Calm"]}
    halves = {role: visit(f"{url}/plan?section=Alignment&horizon=mid") for role in names}

    for role, page in halves.items():
        expect(page.get_by_text("1. ")).to_have_count(0)
        page.locator(".stRadio").get_by_text(role, exact=True).click()
        for goal in wanted[role]:
            page.get_by_label("Pick all of them").click()
            page.get_by_role("option", name=goal).click()
        page.keyboard.press("Escape")
        page.get_by_label("Your name").fill(names[role])
        page.get_by_role("button", name="Keep it").click()
        expect(page.get_by_text("EM gave an order on" if role == "EM" else "You differ most on")).to_be_visible()
        settle(page)
        expect(page.get_by_text("1. Calm")).to_have_count(1 if role == "PM" else 0)
    assert [alignment.order(one) for one in reversed(journal().entries("order"))] == [
        [calm.id, bright.id],
        [bright.id, calm.id],
    ]
    again = halves["EM"]
    again.reload()
    settle(again)
    assert (link(again)["section"], link(again)["horizon"]) == ("Alignment", "mid")
    expect(again.get_by_text("You differ most on")).to_be_visible()

    for role, page in halves.items():
        page.get_by_role("radio", name="Sprint goals").or_(
            page.get_by_role("button", name="Sprint goals")
        ).first.click()
        page.wait_for_url(re.compile("section=Sprint"))
        settle(page)
        page.locator(f".st-key-ways-sprint-{sprint.id}").get_by_role("link", name="Say how it ended").click()
        page.get_by_label("Why this and not something else").fill(f"Words of {role}")
    for role, page in halves.items():
        if not page.get_by_label("Your name").input_value():
            page.get_by_label("Your name").fill(names[role])
        page.get_by_role("button", name="Keep it").click()
        page.wait_for_url(lambda url: "change=" not in url)
        settle(page)
    assert {one.body["why"] for one in journal().apart(sprint.id)} == {"Words of EM", "Words of PM"}
    page = halves["PM"]
    expect(page.get_by_text("Two people wrote at once.").first).to_be_visible()
    for role in names:
        expect(page.get_by_text(f"Words of {role}").first).to_be_visible()

    page.goto(f"{url}/plan")
    settle(page)
    page.locator(f".st-key-ways-goal-{calm.id}").get_by_role("link", name="Suggest a change").click()
    expect(page.get_by_text("In which part of the plan: Calm")).to_be_visible()
    page.get_by_label("What should change").fill("Say when")
    page.get_by_label("Why", exact=True).fill("Days differ")
    if not page.get_by_label("Your name").input_value():
        page.get_by_label("Your name").fill("Bo")
    page.get_by_role("button", name="Keep it").click()
    page.get_by_role("button", name="Take it").click()
    page.get_by_label("Why it was taken or declined").fill("They do")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_label("What changed last")).to_have_value("Say when")
    assert link(page)["entry"] == calm.id
    assert len(journal().history(calm.id)) == 1


def test_the_box_says_what_waits_and_when_more_is_written_than_can_be_answered():
    today, week_ago = date(2026, 11, 20), date(2026, 11, 13)
    old = date(2026, 3, 2)

    assert suggestions.load([(old, old)], today) == ["No suggestions are open."]
    assert suggestions.load([(week_ago, None), (old, week_ago)], today) == [
        "One suggestion is open.",
        "In the last eight weeks one came and one was answered.",
    ]
    assert suggestions.load([(week_ago, None)] * 6 + [(old, today)], today)[1:] == [
        "In the last eight weeks six came and one was answered.",
        "More waits than is answered: take three of them to the next talk, and let the others rest till then.",
    ]
