"""A newer program takes up what an older one collected; an older one refuses what a newer one wrote, and touches none of it."""

import hashlib
import json
import subprocess
import sys
import tarfile
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from data import CairnError, Live, Origin, Progress, Reject, Row, health, home, journal, publish, query
from data.backup import backup, restore
from data.store import FORMAT, STORAGE

HOUSE = Path(__file__).resolve().parent.parent
ISSUES = Origin("github.com", "github", "github_issues", "acme/shop")
DAY, LATER = datetime(2026, 3, 1), datetime(2026, 3, 2)  # noqa: DTZ001 zone-less UTC, like everything in the store
RAW = "(source text, id text, scope text, parent text, version timestamp, body {body}, seen_at timestamp, gone_at timestamp, whole timestamp)"
FIRST = """
create schema raw;
create table about(key text, value text);
create table progress(
    source text, kind text, stream text, scope text,
    place json, complete_to timestamp, tried_at timestamp, expected bigint, error text
);
create table syncs(
    started_at timestamp, finished_at timestamp, source text,
    requests bigint, points bigint, new_rows bigint, changed_rows bigint, seconds double, outcome text
);
"""
SECOND = (
    FIRST
    + """
create table rejects(
    source text, stream text, scope text, id text, reason text, body text, "at" timestamp, tries integer, again boolean
);
create table fields(source text, stream text, name text, since timestamp);
create table forgotten(mark text);
"""
)
WRITTEN = {  # the tables as programs made them, each for good: what is changed in them now has to be brought up to date
    "without a format, and bodies as json": (FIRST + f"create table raw.github_issues{RAW.format(body='json')};", None),
    "format 1, before anything was set aside": (FIRST + f"create table raw.github_issues{RAW.format(body='text')};", 1),
    "format 1": (SECOND + f"create table raw.github_issues{RAW.format(body='text')};", 1),
}  # fmt: skip


@pytest.fixture(autouse=True)
def place(monkeypatch, tmp_path) -> Path:
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))
    return tmp_path


def body(number: int, title: str) -> dict:
    return {"number": number, "title": title, "state": "OPEN", "createdAt": "2026-02-01T08:00:00Z", "url": f"https://github.com/acme/shop/issues/{number}"}  # fmt: skip


def write_as_before(tables: str, told: int | None) -> Path:
    """Write the file of an older program that read one issue and half of its list."""
    path = home() / "live.duckdb"
    path.parent.mkdir()
    with duckdb.connect(str(path), config=STORAGE) as old:
        old.execute(tables)
        old.execute(
            "insert into raw.github_issues values ('github.com', '1', 'acme/shop', null, $day, $body, $day, null, $day)",
            {"day": DAY, "body": json.dumps(body(1, "old"))},
        )
        old.execute(
            "insert into progress values ('github.com', 'github', 'github_issues', 'acme/shop', '{\"page\": 3}', $day, $day, 2, null)",
            {"day": DAY},
        )
        old.execute("insert into syncs values ($day, $day, 'github.com', 1, 1, 1, 0, 0.5, 'complete')", {"day": DAY})
        if told:
            old.execute("insert into about values ('format', $told)", {"told": str(told)})
    return path


@pytest.mark.parametrize("before", WRITTEN)
def test_what_an_older_program_collected_is_taken_up_gone_on_with_and_shown(before):
    write_as_before(*WRITTEN[before])
    with Live("team") as live:
        assert live.about("format") == str(FORMAT)
        assert live.progress(ISSUES) == Progress({"page": 3}, DAY, 2)
        landed = live.land(
            ISSUES,
            [
                Row("1", LATER, body(1, "new"), "acme/shop"),
                Row("2", DAY, body(2, "more"), "acme/shop"),
                Reject("3", "no date", "acme/shop", {}),
            ],
            Progress({"page": 4}, LATER, 3),
            LATER,
        )
        live.forget("somebody")
        live.failed(ISSUES, "It broke off.", LATER)
        live.synced(
            started_at=LATER, finished_at=LATER, source="github.com", requests=1, points=1, new_rows=1, changed_rows=1, seconds=0.5,
            outcome="partial",
        )  # fmt: skip
        publish(live)

    assert (landed.new, landed.changed, landed.rejected) == (1, 1, 1)
    assert query("select title from issues order by id")["title"].tolist() == ["new", "more"]
    assert health.syncs()["outcome"].tolist() == ["partial", "complete"]
    with Live("team") as live:  # and again, as every later sync does
        assert live.progress(ISSUES).complete_to == LATER


def test_an_older_program_refuses_a_newer_file_in_words_and_changes_no_byte_of_it():
    path = write_as_before(WRITTEN["format 1"][0], FORMAT + 1)
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    said = {
        words: subprocess.run(
            [sys.executable, "-m", *words.split()], cwd=HOUSE, capture_output=True, text=True, check=False
        )
        for words in ("data rebuild", "data show-me somebody", f"data backup {path.parent / 'x.tar'}")
    }

    assert {ran.returncode for ran in said.values()} == {2}
    assert all("was written by a newer Cairn" in ran.stderr and "Update this checkout" in ran.stderr for ran in said.values())  # fmt: skip
    assert not any("Traceback" in ran.stderr for ran in said.values())
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert sorted(one.name for one in path.parent.iterdir()) == ["live.duckdb"], "nothing is moved aside or begun"


def test_a_file_of_tables_that_are_not_known_yet_is_refused_too_and_none_of_ours_is_made_in_it():
    path = home() / "live.duckdb"
    path.parent.mkdir()
    with duckdb.connect(str(path), config=STORAGE) as newer:
        newer.execute("create table about(key text, value text); create view progress as select 1 as another")
        newer.execute("insert into about values ('format', '99')")
    with pytest.raises(CairnError, match=r"newer Cairn \(format 99, this program knows 1\).\n.+Nothing was changed"):
        Live("team")
    with duckdb.connect(str(path), read_only=True) as newer:
        assert [name for (name,) in newer.execute("select table_name from duckdb_tables()").fetchall()] == ["about"]


def test_a_backup_of_a_newer_program_is_refused_and_one_of_an_older_is_taken_back(place, monkeypatch):
    write_as_before(*WRITTEN["format 1, before anything was set aside"])
    journal.journal("team").write("note", {"what": "kept", "day": "2026-03-01", "kind": "other"}, "Ada")
    with Live("team") as live:
        publish(live)
    file = place / "cairn.tar"
    backup(file, date(2026, 3, 3))
    newer = place / "newer.tar"
    with tarfile.open(file) as old, tarfile.open(newer, "w") as made:
        for member in old.getmembers():
            told = old.extractfile(member)
            if member.name == "about.json":
                about = place / "about.json"
                about.write_text(json.dumps({**json.load(told), "format": FORMAT + 1}), encoding="utf-8")
                made.add(about, "about.json")
            else:
                made.addfile(member, told)
    monkeypatch.setenv("CAIRN_HOME", str(place / "other"))
    with pytest.raises(CairnError, match=r"was made by a newer Cairn\. Nothing was changed"):
        restore(newer)
    assert not (place / "other" / "live.duckdb").exists()
    restore(file)

    assert query("select title from issues")["title"].tolist() == ["old"]
    assert [one.body["what"] for one in journal.journal("team").everything()] == ["kept"]
    assert health.state(datetime.now(UTC).replace(tzinfo=None)).complete_to == DAY
