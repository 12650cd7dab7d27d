"""What is decided on a page is kept, comes back on its day, and is never lost to another editor."""

import html
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, parse_qsl

import pytest

from data.journal import journal
from data.kinds import due
from tests import test_pages
from tests.test_pages import happenings, open_page

DECISION = {
    "title": "Ship on Fridays",
    "why": "Customers asked",
    "owner": "Ada",
    "review": "2026-01-09",
    "metric": "deployment_frequency",
}


def told(app) -> str:
    return html.unescape(test_pages.told(app))


@pytest.fixture
def collected(publish_nouns, monkeypatch, tmp_path):
    return publish_nouns(monkeypatch, tmp_path, **happenings())


def fill(app, **answers: str):
    """Answer the questions of a form, named by how they begin, and keep it."""
    for asks, answer in answers.items():
        words = asks.replace("_", " ")
        (one,) = (e for e in (*app.text_input, *app.text_area) if e.label.startswith(words))
        one.set_value(answer)
    next(one for one in app.button if one.label == "Keep it").click()
    app.run()
    assert not app.exception
    return app


@pytest.mark.usefixtures("collected")
def test_a_decision_begun_by_a_link_is_kept_and_nothing_is_typed_twice():
    app = open_page("memory.py", write="decision", metric="deployment_frequency", context="The week of 2 Nov stood out")
    app = fill(app, What_was_decided="Ship on Fridays", Why_this="Customers asked")
    lacking = told(app)
    app = fill(app, Who_volunteered="Ada", Your_name="Bo")
    (kept,) = journal().entries()

    assert "'Who volunteered to see to it' is still empty." in lacking
    assert "Your name is still empty." in lacking
    assert kept.author == "Bo"
    assert kept.body == {
        "title": "Ship on Fridays",
        "context": "The week of 2 Nov stood out",
        "why": "Customers asked",
        "owner": "Ada",
        "review": (datetime.now(UTC).date() + timedelta(weeks=6)).isoformat(),
        "metric": "deployment_frequency",
    }
    assert app.query_params["entry"] in ([kept.id], kept.id)
    assert "The number in which we expect to see it: Deployment frequency" in told(app)


@pytest.mark.usefixtures("collected")
def test_what_is_due_comes_first_until_it_is_over():
    kept = journal()
    later = kept.write("decision", {**DECISION, "review": "2099-01-01"}, "Ada")
    follow = kept.write("follow_up", {"what": "Ask them", "owner": "Bo", "until": "2026-01-02", "state": "open"}, "Bo")
    now = kept.write("decision", DECISION, "Ada")
    text = told(open_page("memory.py"))

    assert [one.id for one in due(kept.entries(), date(2026, 6, 1))] == [follow.id, now.id]
    assert text.index("Follow-up: Ask them") < text.index("Decision: Ship on Fridays")
    assert "comes back" in text
    kept.write("follow_up", {**follow.body, "state": "done"}, "Bo", entry=follow.id, base=1)
    assert [one.id for one in due(kept.entries(), date(2026, 6, 1))] == [now.id]
    assert later.id not in {one.id for one in due(kept.entries(), date(2098, 1, 1))}


@pytest.mark.usefixtures("collected")
def test_whoever_kept_words_over_those_of_another_sees_both_and_what_is_kept_next_holds():
    kept = journal()
    first = kept.write("decision", DECISION, "Ada")
    app = open_page("memory.py", entry=first.id, change="1")
    kept.write("decision", {**DECISION, "why": "Ada's words"}, "Ada", entry=first.id, base=1)
    app = fill(app, Why_this="Bo's words", Your_name="Bo")
    text = told(app)

    assert "Two people wrote at once." in text
    assert "Ada's words" in text
    assert "Bo's words" in text
    app.button(key="change").click()
    app = fill(app.run(), Why_this="What both said", Your_name="Bo")
    assert "Two people wrote at once." not in told(app)
    assert [one.body["why"] for one in kept.history(first.id)] == [
        "Customers asked", "Ada's words", "Bo's words", "What both said",
    ]  # fmt: skip


@pytest.mark.usefixtures("collected")
def test_undo_brings_the_words_before_back():
    kept = journal()
    first = kept.write("decision", DECISION, "Ada")
    kept.write("decision", {**DECISION, "why": "A slip"}, "Ada", entry=first.id, base=1)
    app = open_page("memory.py", entry=first.id)
    next(one for one in app.button if one.label == "Undo the last change").click()
    app.run()

    assert kept.entries()[0].body == DECISION
    assert not app.exception


@pytest.mark.usefixtures("collected")
@pytest.mark.parametrize(
    "link",
    [
        {"write": "nonsense"},
        {"entry": "nonsense"},
        {"write": "experiment", "matters": "1e999", "start": "yesterday", "metric": "<b>"},
        {"kept": "nonsense", "sought": "<script>"},
    ],
)
def test_a_link_of_nonsense_opens_the_page(link):
    assert not open_page("memory.py", **link).exception


@pytest.mark.usefixtures("collected")
def test_what_people_type_is_shown_as_they_typed_it():
    kept = journal()
    wild = "<script>alert(1)</script> ![x](https://evil.example/x.png) **b**"
    first = kept.write("decision", {**DECISION, "title": wild, "why": wild}, wild)
    for app in (open_page("memory.py"), open_page("memory.py", entry=first.id)):
        shown = [one.proto.body for one in app.get("html") if not one.proto.unsafe_allow_javascript]

        assert any("&lt;script&gt;" in body for body in shown)
        assert not any("<script" in body for body in shown)
        assert not any("evil" in one.value for one in app.markdown)


def links(app) -> list:
    return [(one.proto.label, parse_qs(one.proto.query_string)) for one in app.get("page_link")]


@pytest.mark.usefixtures("collected")
def test_a_chart_leads_to_a_note_that_knows_the_chart_and_the_week():
    noted = [asked for label, asked in links(open_page("explore.py", metric="Bugs opened")) if label == "Note"]
    (asked,) = noted
    app = open_page("memory.py", **{name: value for name, (value,) in asked.items()})
    app = fill(app, What_happened="Half of us were away", Your_name="Ada")

    lacking = told(app)
    assert "'What sort of thing it was' is still empty." in lacking
    next(one for one in app.selectbox if one.label.startswith("What sort")).set_value("holiday")
    fill(app)
    (kept,) = journal().entries("note")
    assert kept.body["since"] == asked["since"][0]
    assert dict(parse_qsl(kept.body["view"]))["metric"] == "Bugs opened"


@pytest.mark.usefixtures("collected")
def test_this_week_says_what_is_due_and_leads_there():
    assert not any("due" in label for label, _ in links(open_page()))
    journal().write("decision", DECISION, "Ada")

    app = open_page()
    assert any(label == "1 entry of the journal is due" for label, _ in links(app))
    assert "Decision: Ship on Fridays" in told(app), "and what was written down this week is named"


def test_who_can_show_a_part_stands_there_only_by_their_own_hand(nouns):
    part = {"component_id": 0, "repo": "acme/checkout", "component": "login", "depth": 1, "history": 12, "changes": 9}
    nouns(knowledge=[{**part, "month": "2026-05-01"}], **happenings())
    before = told(open_page("knowledge.py"))
    fill(
        open_page("memory.py", write="offer", what="checkout login"),
        What_you_can_show="An hour on how sessions end",
        Your_name="Ada",
    )

    assert "Ada" not in before
    assert "checkout login: Ada offers to show it. An hour on how sessions end" in told(open_page("knowledge.py"))
