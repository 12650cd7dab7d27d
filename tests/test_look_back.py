"""A look back tells an incident as it went and asks what was learned, of the system and of nobody; a one to one has no agenda."""

from datetime import UTC, datetime, timedelta

import pytest

from data.journal import journal
from metrics.questions import unsaid
from tests.test_memory import fill, links, told
from tests.test_pages import open_page

BEGAN = datetime.now(UTC).replace(tzinfo=None, hour=10, minute=0, second=0, microsecond=0) - timedelta(days=9)
INCIDENT = {
    "id": "i1", "source": "jira", "project": "SHOP", "key": "SHOP-9", "title": "Totals <b>froze</b>", "type": "Incident",
    "is_bug": False, "is_incident": True, "status": "Done", "status_kind": "done", "created_at": BEGAN,
    "resolved_at": BEGAN + timedelta(hours=3), "url": "https://jira.example/browse/SHOP-9",
}  # fmt: skip
MOVES = [
    {"issue_id": "i1", "id": f"m{nth}", "step": nth, "moved_at": BEGAN + timedelta(hours=nth), "from_status": was,
     "to_status": now, "from_kind": "queue", "to_kind": "active"}
    for nth, (was, now) in enumerate((("To Do", "In Progress"), ("In Progress", "Watching")), 1)
]  # fmt: skip
DEPLOYED = {
    "id": "d1", "sha": "abc", "repo": "acme/checkout", "environment": "production", "production": True, "outcome": "success",
    "created_at": BEGAN - timedelta(hours=1), "finished_at": BEGAN - timedelta(hours=1), "url": "https://github.com/acme/checkout",
}  # fmt: skip


@pytest.fixture
def collected(nouns):
    return nouns(issues=[INCIDENT], issue_moves=MOVES, deployments=[DEPLOYED])


@pytest.mark.usefixtures("collected")
def test_an_incident_is_looked_back_on_with_what_happened_and_what_was_near():
    kept = journal()
    kept.write("note", {"what": "Half of us were away", "sort": "holiday", "since": f"{BEGAN.date()}"}, "Ada")
    listed = open_page("look_back.py")
    next(one for one in listed.button if one.label == "Look back").click()
    chosen = told(listed.run())
    app = open_page("look_back.py", id="i1")
    near = app.dataframe[0].value

    assert listed.query_params["id"] in ("i1", ["i1"]), "the link opens it again"
    assert "What happened" in chosen
    assert "In Progress" in told(app)
    assert "Watching" in told(app)
    assert "Half of us were away" in near["what"].tolist()
    assert "one production deployment" in near["what"].tolist()
    assert unsaid(told(app)) == []
    assert "Ada" not in told(app), "what was near is told without whoever wrote it"


@pytest.mark.usefixtures("collected")
def test_what_was_learned_stays_with_the_incident_and_leads_to_what_follows():
    app = open_page("look_back.py", id="i1")
    app = fill(app, What_we_learned="A full disk says nothing", What_helped="The desk called", Your_name="Ada")
    (one,) = journal().entries("look_back")
    again = open_page("look_back.py", id="i1")

    assert (one.answers["key"], one.answers["what"]) == ("SHOP-9", "SHOP-9 Totals <b>froze</b>")
    for shown in (app, again, open_page("look_back.py")):
        assert "A full disk says nothing" in told(shown)
    assert ("Follow-up", {"write": ["follow_up"], "of": [one.id]}) in links(again)
    assert not list(again.text_area), "one form is enough"


@pytest.mark.parametrize("id_", ["", "nothing", "x" * 10_000, "../i1"])
@pytest.mark.usefixtures("collected")
def test_a_link_to_nothing_lists_the_incidents(id_):
    assert "SHOP-9" in told(open_page("look_back.py", id=id_))


@pytest.mark.usefixtures("collected")
def test_a_one_to_one_shows_the_two_gut_checks_and_no_number():
    kept = journal()
    kept.write("gut_check", {"apart": "today", "role": "EM", "talk": "Who could learn it"}, "Ada")
    alone = open_page("one_to_one.py")
    kept.write("gut_check", {"apart": "today", "role": "PM", "talk": "What we promise"}, "Bo")
    both = open_page("one_to_one.py")

    assert "EM has answered for today. It is shown when PM has." in told(alone)
    assert "Who could learn it" not in told(alone)
    assert "Who could learn it" in told(both)
    assert "What we promise" in told(both)
    assert not both.get("plotly_chart")
    assert not [one for one in both.get("button_group") if one.key == "range"]
