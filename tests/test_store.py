"""What was collected stays: rows and their place together, one writer, editions that nobody waits for."""

import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from data import CairnError, Live, Origin, Progress, Row, edition, home, publish, query
from data.store import STORAGE, Due

HOUSE = Path(__file__).resolve().parent.parent
PULLS = Origin("github.com", "github", "github_pull_requests", "acme/shop")
EARLY, LATE = datetime(2026, 3, 1), datetime(2026, 3, 2)  # noqa: DTZ001 zone-less UTC, like everything in the store


@pytest.fixture(autouse=True)
def _empty_home(monkeypatch, tmp_path):
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))


@pytest.fixture(params=["file", "lake"])
def _either(request) -> None:
    """What is promised of the file is promised of the lake as well."""
    if request.param == "lake":
        request.getfixturevalue("lake")


EITHER = pytest.mark.usefixtures("_either")


def land(store: Live, *rows: Row, place: int = 1):
    return store.land(PULLS, rows, Progress({"page": place}), LATE)


def bodies(store: Live) -> list[str]:
    told = store.connection.execute("select body from raw.github_pull_requests order by id").fetchall()
    return [body for (body,) in told]


@EITHER
def test_the_newest_version_wins_whatever_the_order_of_arrival():
    with Live("team") as store:
        land(store, Row("1", LATE, {"title": "new"}, "acme/shop"))
        landed = land(store, Row("1", EARLY, {"title": "old"}, "acme/shop"))

        assert (landed.new, landed.changed) == (0, 0)
        assert bodies(store) == ['{"title":"new"}']


@EITHER
def test_the_same_page_twice_is_one_page():
    with Live("team") as store:
        first = land(store, Row("1", EARLY, {"a": 1}, "acme/shop"), Row("1", EARLY, {"a": 1}, "acme/shop"))
        second = land(store, Row("1", EARLY, {"a": 1}, "acme/shop"))

        assert (first.new, second.new, second.changed) == (1, 0, 0)


@EITHER
def test_rows_and_the_place_they_were_read_up_to_are_kept_together_or_not_at_all():
    with Live("team") as store:
        land(store, Row("1", EARLY, {}, "acme/shop"), place=1)
        with pytest.raises(TypeError):
            store.land(PULLS, [Row("2", EARLY, {}, "acme/shop")], Progress({"page": object()}), LATE)

        assert store.progress(PULLS).place == {"page": 1}
        assert len(bodies(store)) == 1


@EITHER
def test_parts_are_due_until_they_are_read_for_the_present_version():
    with Live("team") as store:
        land(store, Row("1", EARLY, {}, "acme/shop", complete=False), Row("2", EARLY, {}, "acme/shop"))
        due = store.due(PULLS, 10)
        store.land_parts(
            PULLS, "github_pull_request_parts", due, [Row("1/0", EARLY, {}, "acme/shop", parent="1")], LATE
        )

        assert [d.id for d in due] == ["1"]
        assert store.due(PULLS, 10) == []

        land(store, Row("1", LATE, {"more": 1}, "acme/shop", complete=False))

        assert store.due(PULLS, 10) == [Due("1", "acme/shop", LATE, {"more": 1})]


@EITHER
def test_parts_of_an_older_version_do_not_linger():
    with Live("team") as store:
        land(store, Row("1", EARLY, {}, "acme/shop", complete=False))
        for names in (("a", "b"), ("b",)):
            parts = [Row(name, EARLY, {}, "acme/shop", parent="1") for name in names]
            store.land_parts(PULLS, "github_pull_request_parts", [Due("1", "acme/shop", EARLY, {})], parts, LATE)
        left = store.connection.execute("select id from raw.github_pull_request_parts").fetchall()

        assert left == [("b",)]


@EITHER
def test_text_no_database_can_hold_is_kept_readable():
    with Live("team") as store:
        land(store, Row("1", EARLY, {"title": "half \ud800 a pair, \u202e and 🚀"}, "acme/shop"))

        assert bodies(store) == ['{"title":"half \ufffd a pair, \u202e and 🚀"}']


@EITHER
def test_a_sync_killed_at_any_instant_loses_nothing_and_doubles_nothing(tmp_path):
    writer = """
import sys
from datetime import datetime
from data import Live, Origin, Progress, Row
origin, day = Origin("github.com", "github", "github_pull_requests", "acme/shop"), datetime(2026, 3, 1)
with Live("team") as store:
    page = (store.progress(origin).place or {"page": 0})["page"]
    while True:
        page += 1
        rows = [Row(f"{page}-{n}", day, {"text": "x" * 2000}, "acme/shop") for n in range(20)]
        store.land(origin, rows, Progress({"page": page}), day)
        print(page, flush=True)
"""
    seen = 0
    for turn in range(6):
        with subprocess.Popen([sys.executable, "-c", writer], cwd=HOUSE, stdout=subprocess.PIPE, text=True) as sync:
            for _ in range(3 + turn):
                seen = int(sync.stdout.readline())
            sync.kill()
        with Live("team") as store:
            page = store.progress(PULLS).place["page"]
            held = store.connection.execute(
                "select count(*), count(distinct id) from raw.github_pull_requests"
            ).fetchone()

        assert page >= seen
        assert held == (20 * page, 20 * page)


def test_a_second_collector_is_told_who_is_writing():
    with Live("team"):
        other = subprocess.run(
            [sys.executable, "-m", "data", "rebuild"], cwd=HOUSE, capture_output=True, text=True, check=False
        )

    assert other.returncode == 2
    assert "a sync is already running" in other.stderr


def test_a_damaged_file_is_moved_aside_and_never_written_over():
    with Live("team") as store:
        path = store.path
        land(store, Row("1", EARLY, {}, "acme/shop"))
        made = publish(store)
    path.write_bytes(b"<html>not a database</html>" * 1000)
    with Live("team") as store:
        assert "was damaged and is kept as live.duckdb.damaged-" in store.about("anew")
        assert bodies(store) == []
        assert publish(store) == made  # the pages keep what they have until it is collected again
        land(store, Row("1", EARLY, {}, "acme/shop"))
        assert publish(store) != made

    assert next(path.parent.glob("live.duckdb.damaged-*")).read_bytes().startswith(b"<html>")


@EITHER
def test_a_file_of_a_newer_program_is_refused():
    with Live("team") as store:
        store.tell("format", "99")

    with pytest.raises(CairnError, match="newer Cairn"):
        Live("team")


def test_readers_neither_wait_nor_err_while_editions_are_published():
    with Live("team") as store:
        publish(store)
        stop, errors, answers = threading.Event(), [], []

        def read() -> None:
            while not stop.is_set():
                try:
                    answers.append(query("select count(*) as n from about").n[0])
                except Exception as error:  # noqa: BLE001 whatever it is, it must not happen
                    errors.append(error)

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        for _ in range(8):
            publish(store)
        stop.set()
        for reader in readers:
            reader.join()

    assert errors == []
    assert len(answers) > 8


def test_an_open_reader_does_not_stop_a_sync():
    with Live("team") as store:
        publish(store)
    reader = subprocess.Popen(
        [sys.executable, "-c", "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print(1, flush=True); input()",
         str(edition().path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with reader:
        reader.stdout.readline()
        with Live("team") as store:
            made = publish(store)
        reader.communicate("\n")

    assert edition().name == made.name


@EITHER
def test_a_changed_rule_makes_a_new_edition_without_collecting(tmp_path):
    with Live("team") as store:
        before = publish(store)
    (tmp_path / "team.toml").write_text('[deployments]\nproduction = ["live*"]\n', encoding="utf-8")
    after = edition()

    assert after.name != before.name
    assert after.name == edition().name


def test_old_editions_are_tidied_away():
    with Live("team") as store:
        for _ in range(6):
            made = publish(store)
    left = sorted(path.stem for path in (home() / "published").glob("*.duckdb"))

    assert len(left) == 3
    assert left[-1] == made.name


@EITHER
def test_an_edition_that_cannot_be_built_leaves_the_old_one(monkeypatch, tmp_path):
    with Live("team") as store:
        before = publish(store)
        broken = tmp_path / "broken.sql"
        broken.write_text("select nonsense;", encoding="utf-8")
        monkeypatch.setattr("data.store.MODEL", (broken,))
        with pytest.raises(CairnError, match="keep the last edition"):
            publish(store)
        monkeypatch.undo()
        monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))

    assert edition().name == before.name


def test_an_edition_too_large_for_little_memory_is_built_in_more(monkeypatch, tmp_path):
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))
    monkeypatch.setitem(STORAGE, "memory_limit", "6MB")
    with Live("team") as store:
        store.connection.execute("set memory_limit = '6MB'")
        with pytest.raises(duckdb.OutOfMemoryException):
            store.connection.execute("select list(i order by i desc) from range(5_000_000) t(i)").fetchall()
        made = publish(store)
        limit = store.connection.execute("select current_setting('memory_limit')").fetchone()

    assert edition() == made
    assert limit == ("5.7 MiB",), "the thrift is back"


@pytest.mark.parametrize(
    "question",
    [
        "from read_text('{other}')",
        "from '{other}'",
        "attach '{other}.duckdb'",
        "copy (select 1) to '{other}'",
        "create table mine as select 1",
        "delete from sources",
        "set enable_external_access = true",
        "install httpfs",
    ],
)
def test_a_question_reads_no_other_file_and_changes_nothing(question: str, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("secret\n", encoding="utf-8")
    with Live("team") as live:
        made = publish(live)
    before = made.path.read_bytes()

    with pytest.raises(duckdb.Error):
        query(question.format(other=other))
    assert other.read_text(encoding="utf-8") == "secret\n"
    assert made.path.read_bytes() == before
    assert not list(tmp_path.rglob("other.csv.duckdb"))
