"""What is typed into a form is in the journal before it is sent, comes back by its link, and is seen where nobody answers apart."""

import pytest
import streamlit as st

from data.journal import journal
from data.kinds import GUT_CHECK, kind
from pages import draft
from tests.test_memory import DECISION, fill, told
from tests.test_pages import happenings, open_page

SAID = {"what": "Begun elsewhere"}


@pytest.fixture(autouse=True)
def collected(publish_nouns, monkeypatch, tmp_path):
    return publish_nouns(monkeypatch, tmp_path, **happenings())


def typed(app, **answers: str):
    """Type answers, named by how their questions begin, and send nothing."""
    for asks, answer in answers.items():
        (one,) = (e for e in (*app.text_input, *app.text_area) if e.label.startswith(asks.replace("_", " ")))
        one.set_value(answer).run()
    assert not app.exception
    return app


def values(app) -> set[str]:
    return {one.value for one in (*app.text_input, *app.text_area)}


def test_a_form_that_was_left_is_listed_gone_on_with_and_gone_when_it_is_kept():
    typed(open_page("memory.py", write="decision"), What_was_decided="Ship on Fridays", Why_this="Customers asked")
    (begun,) = journal().entries("draft")
    listed = open_page("memory.py")

    assert "Begun and not kept" in told(listed)
    assert "Decision: Ship on Fridays" in told(listed)
    app = listed.button(key=f"way-draft-{begun.id}").click().run()
    assert {"Ship on Fridays", "Customers asked"} <= values(app)
    fill(app, Who_volunteered="Ada", Your_name="Bo")
    (kept,) = journal().entries()
    assert (kept.kind, kept.answers["title"], kept.answers["why"]) == ("decision", "Ship on Fridays", "Customers asked")
    assert journal().entries("draft") == []
    assert "Begun and not kept" not in told(open_page("memory.py"))


def test_a_draft_of_a_change_leads_back_to_the_version_it_was_begun_on():
    kept = journal()
    one = kept.write("decision", DECISION, "Ada")
    typed(open_page("memory.py", entry=one.id, change="1"), Why_this="Half of it")
    other = kept.write("decision", {**DECISION, "why": "Other words"}, "Bo", entry=one.id, base=1)
    (begun,) = kept.entries("draft")
    app = open_page("memory.py").button(key=f"way-draft-{begun.id}").click().run()
    fill(app, Why_this="Half of it and more", Your_name="Ada")

    assert [version.answers["why"] for version in kept.apart(one.id)] == [other.answers["why"], "Half of it and more"]


def test_a_place_that_was_emptied_stays_empty_when_the_draft_is_gone_on_with():
    app = open_page("memory.py", write="decision", context="The week of 2 Nov stood out")
    typed(app, What_made_it_necessary="")
    (begun,) = journal().entries("draft")
    again = open_page("memory.py", write="decision", context="The week of 2 Nov stood out", draft=begun.id)

    assert "The week of 2 Nov stood out" not in values(again)


@pytest.mark.parametrize(
    "body",
    [
        {"of": "note", "answers": SAID},
        {"of": "decision", "entry": "another", "version": 1, "answers": SAID},
        {"of": "decision", "answers": "no answers"},
        {},
        None,
    ],
)
def test_a_link_with_a_draft_of_something_else_or_one_that_was_put_away_opens_an_empty_form(body):
    kept = journal()
    one = kept.write("draft", body, "Ada")
    app = typed(open_page("memory.py", write="decision", draft=one.id), What_was_decided="Ship on Fridays")

    assert "Begun elsewhere" not in values(app)
    assert kept.entries("draft")[0].answers["answers"]["title"] == "Ship on Fridays"
    assert not open_page("memory.py").exception


def test_what_a_browser_tells_once_more_does_not_bring_a_kept_draft_back_and_a_new_word_does(monkeypatch):
    kept, places = journal(), {"form-title": "Ship on Fridays"}
    monkeypatch.setattr(st, "session_state", places)

    def told() -> list[str]:
        draft.keep(kept, kind("decision"), None, "one", "form")
        return [one.answers["answers"]["title"] for one in kept.entries("draft")]

    assert told() == told() == ["Ship on Fridays"]
    draft.put_away(kept, "one")
    assert told() == []
    places["form-title"] += " only"
    assert told() == ["Ship on Fridays only"]
    assert len(kept.history("one")) == 3


def test_what_em_and_pm_answer_apart_is_no_draft_that_anybody_could_read():
    app = open_page("one_to_one.py")
    app = app.button(key="answer-gut-check").click().run()
    typed(app, **{GUT_CHECK.fields[2].asks.replace(" ", "_"): "Between us"})

    assert journal().everything() == []


def test_a_draft_counts_nowhere_before_it_is_kept():
    typed(open_page("memory.py", write="decision"), What_was_decided="Ship on Fridays")
    kept = journal()

    assert kept.entries() == kept.find("Fridays") == kept.versions() == []
    assert "Fridays" not in told(open_page("brief.py"))
