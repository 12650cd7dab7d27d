"""Whatever a viewer opens and presses, nothing is written, and everything that is there can be read."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from data.entry import Kind
from data.journal import _ASKED_FIRST, ask_first, journal
from data.kinds import DRAFT, KINDS
from data.pulse import Pulse
from metrics.hour import AGENDA
from pages import login, reading
from pages.login import Person
from tests.test_pages import happenings, open_page, told

PLAN = ("Goals", "Alignment", "Sprint goals", "Big rocks", "Burn list", "Exploration", "Suggestions")
FEELS = ("How work feels", "Gut check")
LOOKS = ("search", "keys", "log-out")  # buttons of the frame, which every page has


def body(kind: Kind, goal: str) -> dict[str, Any]:
    """Return answers to every question of a kind, each in its form."""
    now = datetime.now(UTC).replace(tzinfo=None)
    forms = {
        "day": f"{now.date() + timedelta(days=3)}", "metric": "bugs_opened", "number": 2.0, "view": "metric=Bugs+opened", "entry": goal,
        "entries": goal, "picture": None, "pictured": None,
    }  # fmt: skip
    said = {
        field.name: field.choices[0]
        if field.choices
        else forms.get(field.form, f"What {kind.name} says of {field.name}")
        for field in kind.fields
    }
    if kind.name == "hour":
        said |= {"begun": now.isoformat(), "ended": None}
    return {name: value for name, value in said.items() if value is not None}


@pytest.fixture(scope="module")
def written(publish_nouns, tmp_path_factory):
    """A company whose people wrote an entry of every kind, begun a draft, an hour and a pulse; the ids by kind, and a code."""
    with pytest.MonkeyPatch.context() as patch:
        publish_nouns(patch, tmp_path_factory.mktemp("written"), "", **happenings())
        kept, found = journal(), {}
        found["goal"] = kept.write("goal", body(next(one for one in KINDS if one.name == "goal"), "none"), "Ada").id
        for kind in KINDS:
            its = body(kind, found["goal"])
            assert not kind.wrong(its), kind.name
            if kind.name != "goal":
                found[kind.name] = kept.write(kind.name, its, "Ada").id
        found["draft"] = kept.write(DRAFT.name, {"of": "decision", "answers": {"title": "Half a sentence"}}, "Ada").id
        found["code"] = Pulse(kept).ask(5, reading.today())[0]
        yield found


@pytest.fixture
def viewer(written, monkeypatch):
    before = list(_ASKED_FIRST)
    monkeypatch.setattr(login, "person", lambda: Person("look@example.org", writes=False))
    ask_first(login.must_write)
    yield written
    _ASKED_FIRST[:] = before


def states(found: dict[str, str]) -> list[tuple[str, dict[str, str]]]:
    """Return every state of every page with which people write, as a link leads to it."""
    return [
        *(("memory.py", {"write": kind.name}) for kind in KINDS),
        *(("memory.py", {"entry": found[kind.name]}) for kind in KINDS),
        *(("memory.py", {"entry": found[name], "change": "1"}) for name in ("decision", "goal")),
        *(("memory.py", {"write": "decision", "draft": found["draft"]}), ("memory.py", {})),
        *(("plan.py", {"section": name}) for name in PLAN),
        *(("hour.py", {"item": item.name}) for item in AGENDA),
        *(("hour.py", {"item": AGENDA[-1].name, "write": name}) for name in ("decision", "experiment")),
        *(("pulse.py", {"feels": name}) for name in FEELS),
        *(("pulse.py", {"code": found["code"]}), ("pulse.py", {"feels": "Gut check", "answer": "gut"})),
        *(("prepare.py", {}), ("prepare.py", {"write": "story"}), ("prepare.py", {"change": found["story"]})),
        *((f"{name}.py", {}) for name in ("look_back", "one_to_one", "brief", "experiments", "this_week", "knowledge", "setup")),
    ]  # fmt: skip


def test_whatever_a_viewer_presses_nothing_is_written_and_nothing_breaks(viewer):
    kept = journal()
    before, asking = kept.everything(), Pulse(kept).asking(reading.today())
    pressed = 0
    for page, link in states(viewer):
        app = open_page(page, **link)
        assert not app.get("chat_input"), (page, link)
        for key in [one.key for one in app.button if one.key not in LOOKS]:
            again = open_page(page, **link)
            again.button(key=key).click().run()
            assert not again.exception, (page, link, key)
            assert login.REFUSED not in told(again), (page, link, key)  # what is refused is not offered
            pressed += 1
    assert kept.everything() == before
    assert Pulse(kept).asking(reading.today()) == asking
    assert pressed > 50


def test_a_viewer_reads_what_was_written(viewer):
    for kind in KINDS:
        said = told(open_page("memory.py", entry=viewer[kind.name]))
        assert kind.title in said
        assert "You look as a viewer" in said
