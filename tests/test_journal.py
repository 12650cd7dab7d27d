"""What people wrote down is never lost: not by a kill, not by another editor, not by a full disk, not by a lost database."""

import json
import random
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from data import CairnError
from data.journal import Journal, read_twin
from data.kinds import DECISION, KINDS, PICTURE
from tests import postgres as server
from tests import torture

HOUSE = Path(__file__).resolve().parent.parent


@pytest.fixture(params=["sqlite", "postgresql"])
def journal(request, tmp_path) -> Iterator[Journal]:
    if request.param == "sqlite":
        one = Journal(f"sqlite:///{tmp_path / 'journal.db'}", tmp_path / "journal.jsonl")
    else:
        one = Journal(server.database(request.getfixturevalue("postgres")), tmp_path / "journal.jsonl")
    yield one
    one.engine.dispose()


def note(what: str) -> dict:
    return {"what": what, "sort": "other", "since": "2026-03-02"}


def told(entries: list) -> list[tuple]:
    return [(one.id, one.version, one.base, one.kind, one.body, one.author, one.at) for one in entries]


def test_an_edit_appends_and_every_version_stays(journal):
    first = journal.write("note", note("a"), "Ada")
    second = journal.write("note", note("b"), "Bo", entry=first.id, base=1)

    assert [one.body["what"] for one in journal.history(first.id)] == ["a", "b"]
    assert [(one.version, one.author) for one in journal.entries("note")] == [(2, "Bo")]
    assert journal.entries("decision") == []
    assert second.seq == first.seq + 1


def test_nothing_can_be_changed_or_taken_away_not_even_past_the_program(journal):
    journal.write("note", note("a"), "Ada")
    for attempt in ("update entries set author = 'Eve'", "delete from entries"):
        with pytest.raises(sa.exc.DBAPIError, match="only ever added to"), journal.engine.begin() as connection:
            connection.execute(sa.text(attempt))

    assert journal.entries()[0].author == "Ada"


def test_undo_brings_the_words_before_back_and_keeps_what_was_undone(journal):
    first = journal.write("note", note("a"), "Ada")
    journal.write("note", note("b"), "Bo", entry=first.id, base=1)

    assert journal.undo(first.id, "Ada").body == note("a")
    assert len(journal.history(first.id)) == 3
    alone = journal.write("note", note("c"), "Ada")
    assert journal.undo(alone.id, "Ada").body is None
    assert [one.body["what"] for one in journal.entries()] == ["a"]
    assert journal.undo(alone.id, "Bo").body == note("c"), "taking back can be undone as well"


def test_two_editors_of_one_entry_both_keep_their_words_until_somebody_has_seen_both(journal):
    first = journal.write("note", note("as it was"), "Ada")
    journal.write("note", note("as Ada saw it"), "Ada", entry=first.id, base=1)
    journal.write("note", note("as Bo saw it"), "Bo", entry=first.id, base=1)

    assert [(one.author, one.body["what"]) for one in journal.apart(first.id)] == [
        ("Ada", "as Ada saw it"),
        ("Bo", "as Bo saw it"),
    ]
    journal.write("note", note("as both saw it"), "Bo", entry=first.id, base=3)
    assert journal.apart(first.id) == []


def test_all_words_asked_for_are_found_in_any_case(journal):
    journal.write("note", note("The Köln office moved"), "Ada")
    journal.write("note", note("Köln stayed"), "Ada")

    assert [one.body["what"] for one in journal.find("KÖLN moved")] == ["The Köln office moved"]


def test_the_twin_builds_the_same_journal_again(journal, tmp_path):
    first = journal.write("note", note("a\nb\u2028c"), "Ada")
    journal.write("note", note("b"), "Bo", entry=first.id, base=1)
    journal.undo(first.id, "Ada")
    again = Journal(f"sqlite:///{tmp_path / 'again.db'}", tmp_path / "again.jsonl")

    assert again.adopt(read_twin(journal.twin)) == 3
    assert again.adopt(read_twin(journal.twin)) == 0, "taken over once"
    assert told(again.everything()) == told(journal.everything())
    assert told(read_twin(again.twin)) == told(journal.everything())


def test_two_journals_are_not_mixed_where_they_contradict_each_other(journal, tmp_path):
    one = journal.write("note", note("a"), "Ada")
    line = json.loads(one.line()) | {"author": "Eve"}
    (tmp_path / "other.jsonl").write_text(json.dumps(line) + "\n")

    with pytest.raises(CairnError, match="two journals, and nothing was taken over"):
        journal.adopt(read_twin(tmp_path / "other.jsonl"))
    assert len(journal.everything()) == 1


@pytest.mark.parametrize("cut", range(1, 200, 7))
def test_a_twin_that_was_cut_off_at_any_byte_is_whole_again_when_it_is_opened(tmp_path, cut: int):
    url = f"sqlite:///{tmp_path / 'journal.db'}"
    one = Journal(url, tmp_path / "journal.jsonl")
    for k in range(3):
        one.write("note", note(f"{k}"), "Ada")
    whole = one.twin.read_bytes()
    one.twin.write_bytes(whole[:-cut])
    again = Journal(url, tmp_path / "journal.jsonl")

    assert again.twin.read_bytes() == whole


def test_a_twin_that_is_missing_is_written_again(tmp_path):
    url = f"sqlite:///{tmp_path / 'journal.db'}"
    one = Journal(url, tmp_path / "journal.jsonl")
    for _ in range(300):
        one.write("note", note("x" * 900), "Ada")
    one.twin.unlink()

    assert told(read_twin(Journal(url, one.twin).twin)) == told(one.everything())


def test_ten_writers_that_are_killed_at_any_instant_lose_nothing_that_was_accepted(journal, tmp_path):
    torture.unless_kept(journal, tmp_path, random.Random(5))

    assert journal.last() >= torture.WRITERS


def test_a_full_disk_is_said_and_loses_nothing(tmp_path):
    one = Journal(f"sqlite:///{tmp_path / 'journal.db'}", tmp_path / "journal.jsonl")
    one.write("note", note("before"), "Ada")
    script = (
        "import sys; from pathlib import Path; from data.journal import Journal; from data import CairnError\n"
        "one = Journal(f'sqlite:///{sys.argv[1]}/journal.db', Path(sys.argv[1]) / 'journal.jsonl')\n"
        "try:\n    for k in range(10**6): one.write('note', {'what': 'x' * 5000}, 'Ada')\n"
        "except CairnError as error: print(error)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=HOUSE, capture_output=True, text=True, check=True,
        preexec_fn=lambda: (
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN), resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000)),
        ),
    ).stdout  # fmt: skip
    again = Journal(f"sqlite:///{tmp_path / 'journal.db'}", tmp_path / "journal.jsonl")

    assert "What was accepted before is safe" in said
    assert again.everything()[0].body == note("before")
    assert len(again.everything()) > 5
    assert told(read_twin(again.twin)) == told(again.everything())
    again.write("note", note("after"), "Ada")


def test_many_threads_of_one_page_server_write_at_once(journal):
    def write(k: int) -> None:
        for n in range(5):
            journal.write("note", note(f"{k} {n}"), "Ada")

    threads = [threading.Thread(target=write, args=(k,)) for k in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert sorted(one.body["what"] for one in journal.entries()) == sorted(
        f"{k} {n}" for k in range(8) for n in range(5)
    )
    assert told(read_twin(journal.twin)) == told(journal.everything())


def test_a_line_that_is_no_entry_is_named_by_its_number(tmp_path):
    (tmp_path / "other.jsonl").write_text("{}\n")
    with pytest.raises(CairnError, match="Line 1 of"):
        read_twin(tmp_path / "other.jsonl")


def test_what_was_written_goes_out_and_comes_in_by_command(tmp_path, monkeypatch):
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "data", "journal", *words], cwd=HOUSE, capture_output=True, text=True, check=True
        )
        return done.stdout

    one = Journal(f"sqlite:///{tmp_path / 'home' / 'journal.db'}", tmp_path / "home" / "journal.jsonl")
    first = one.write("decision", {"title": "Ship on Fridays", "why": "Customers asked"}, "Ada")
    one.write("decision", {"title": "Ship daily", "why": "It went well\n# so far"}, "Bo", entry=first.id, base=1)
    (tmp_path / "out.jsonl").write_text(run("export"))
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "other"))

    assert run("import", str(tmp_path / "out.jsonl")) == "2 of 2 versions were new and are kept now.\n"
    assert run("import", str(tmp_path / "out.jsonl")) == "0 of 2 versions were new and are kept now.\n"
    told_in_words = run("export", "--format", "md")
    assert "### Ship daily" in told_in_words
    assert "**Why this**: It went well # so far" in told_in_words
    assert "version 2 by Bo on" in told_in_words
    assert "Fridays" not in told_in_words


def test_what_a_decision_lacks_is_said_in_words_and_a_whole_one_lacks_nothing():
    whole = {"title": "Ship on Fridays", "why": "Customers asked", "owner": "Ada", "review": "2026-05-01"}

    assert DECISION.wrong(whole) == []
    assert DECISION.wrong({**whole, "review": "soon", "owner": " "[:0], "mood": "x"}) == [
        "'mood' is no field of a decision.",
        "'Who volunteered to see to it' is still empty.",
        "'The day it comes back' takes a day such as 2026-03-31.",
    ]


@pytest.mark.parametrize("kind", [*KINDS, PICTURE], ids=lambda kind: kind.name)
def test_every_kind_has_a_title_first_and_comes_back_on_a_day_it_names(kind):
    names = [field.name for field in kind.fields]

    assert len(set(names)) == len(names)
    assert kind.fields[0].form == "line"
    assert kind.fields[0].needed
    assert kind.question.endswith("?")
    assert not kind.due or next(f for f in kind.fields if f.name == kind.due).form == "day"
    assert bool(kind.due) == bool(kind.rhythm)
    assert all(field.choices for field in kind.fields if field.form == "choice")
    assert date.today() + (kind.rhythm or date.resolution) > date.today()  # noqa: DTZ011
