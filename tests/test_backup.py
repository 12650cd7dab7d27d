"""A backup restored on an empty machine shows the same numbers and the same words; a damaged one changes nothing."""

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

import metrics
from data import CairnError, Live, editions, query
from data.backup import backup, restore
from data.journal import begun, journal
from data.pulse import FEWEST, ITEMS, LASTS, Pulse
from tests import torture
from tests.test_journal import note

HOUSE = Path(__file__).resolve().parent.parent
TODAY = date(2026, 11, 21)
FELT = dict.fromkeys(ITEMS, (0, 1, 2, 3, 4))


@pytest.fixture
def company(monkeypatch, tmp_path) -> Iterator[Path]:
    """The home of a company that was collected and wrote something down."""
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))
    assert torture.collect(torture.SHORT, torture.SHORT.door()) == []
    kept = journal("sandbox")
    first = kept.write("note", note("a"), "Ada")
    kept.write("note", note("b\n# c"), "Bo", entry=first.id, base=1)
    kept.undo(kept.write("note", note("gone"), "Ada").id, "Ada")
    Pulse(kept).adopt([("2026-09", date(2026, 9, 15), FELT)])
    Pulse(kept).ask(FEWEST, TODAY)
    yield tmp_path / "home"
    editions.let_go()


def shown() -> dict[str, object]:
    """Return all that pages show: every number, what is kept raw, and every word."""
    tables = query("select table_name as name from information_schema.tables where table_schema = 'main' order by 1")[
        "name"
    ]
    kept = journal("sandbox")
    return {
        "numbers": {one.name: metrics.trend(one, "month").to_csv() for one in metrics.METRICS},
        "nouns": {
            name: query(f"select count(*) as n, hash(list(t order by t)) as h from {name} t").to_csv()
            for name in tables
            if name != "about"
        },
        "raw": torture.held("sandbox"),
        "words": [(one.id, one.version, one.base, one.kind, one.body, one.author, one.at) for one in kept.everything()],
        "pulses": Pulse(kept).closed(TODAY),
    }


def run(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "data", *words],
        cwd=HOUSE,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "CAIRN_HOME": str(home)},
    )


def test_a_backup_restored_on_an_empty_machine_shows_the_same_number_for_number_and_word_for_word(
    company, tmp_path, monkeypatch
):
    before, file = shown(), tmp_path / "cairn.tar"
    editions.let_go()
    written = run("backup", str(file), home=company)
    back = run("restore", str(file), home=tmp_path / "other")
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "other"))

    assert (written.returncode, back.returncode) == (0, 0), written.stderr + back.stderr
    assert "keep it where only you can read it" in written.stdout
    assert "Tokens are not in a backup" in back.stdout
    assert file.stat().st_mode & 0o077 == 0
    assert shown() == before
    assert Pulse(journal("sandbox")).asking(TODAY) is None, "what is answered meanwhile is in no backup"
    with Live("sandbox") as live:
        assert live.about("anew") in {None, ""}
    assert torture.collect(torture.SHORT, torture.SHORT.door()) == [], "and the next sync goes on from there"
    assert torture.held() == before["raw"]


def test_a_restore_never_writes_over_anything_and_a_backup_never_over_another(company, tmp_path, monkeypatch):
    file = tmp_path / "cairn.tar"
    backup(file, TODAY)
    with pytest.raises(CairnError, match="never writes over another"):
        backup(file, TODAY)
    with pytest.raises(CairnError, match=r"never writes over it. Nothing was changed"):
        restore(file)
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "none"))
    with pytest.raises(CairnError, match="nothing to back up yet"):
        backup(tmp_path / "other.tar", TODAY)


def test_a_sync_that_runs_is_waited_for_in_words(company, tmp_path):
    with Live("sandbox"):
        told = run("backup", str(tmp_path / "cairn.tar"), home=company)

    assert told.returncode == 2
    assert "a sync is already running" in told.stderr
    assert list(tmp_path.glob("cairn.tar*")) == []


@pytest.mark.parametrize("harm", ["a byte", "cut off", "no backup", "another name"])
def test_a_damaged_backup_changes_nothing_and_says_so(company, tmp_path, monkeypatch, harm: str):
    file = tmp_path / "cairn.tar"
    backup(file, TODAY)
    whole = file.read_bytes()
    if harm == "a byte":
        place = whole.index(b'"note"')
        file.write_bytes(whole[:place] + b'"nota"' + whole[place + 6 :])
    elif harm == "cut off":
        file.write_bytes(whole[: len(whole) // 2])
    elif harm == "no backup":
        file.write_bytes(b"PK\x03\x04 something else" * 100)
    else:
        with tarfile.open(file, "w") as kept:
            (tmp_path / "x").write_text("{}")
            kept.add(tmp_path / "x", "../../elsewhere.txt")
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "empty"))
    with pytest.raises(CairnError, match="Nothing was changed"):
        restore(file)

    assert not (tmp_path / "empty").exists()
    assert not begun("sandbox")
    assert not (tmp_path.parent.parent / "elsewhere.txt").exists()


def test_an_open_pulse_is_in_no_backup_and_a_closed_one_is(company, tmp_path):
    kept = journal("sandbox")
    later = TODAY + LASTS + timedelta(days=1)
    backup(tmp_path / "open.tar", TODAY)
    backup(tmp_path / "closed.tar", later)

    def months(name: str) -> bytes:
        with tarfile.open(tmp_path / name) as held:
            member = held.extractfile("pulses.json")
            assert member
            return member.read()

    assert b"2026-11" not in months("open.tar")
    assert b"2026-11" in months("closed.tar")
    assert len(Pulse(kept).closed(later)) == 2


def test_a_journal_that_was_opened_and_never_written_into_comes_back_as_well(monkeypatch, tmp_path):
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    assert torture.collect(torture.SHORT, torture.SHORT.door()) == []
    assert list(journal("sandbox").everything()) == []
    backup(tmp_path / "cairn.tar", TODAY)
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "other"))
    restore(tmp_path / "cairn.tar")

    assert list(journal("sandbox").everything()) == []
    editions.let_go()
