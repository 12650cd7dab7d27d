"""People stay out of numbers: names are kept where the services told them, shown on request, and forgotten on request."""

import shutil
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import pytest

from data import Live, Origin, Progress, Reject, Row, console_log, edition, home, looked, people, publish, query
from data.addresses import TRACE
from data.journal import journal

HOUSE = Path(__file__).resolve().parent.parent
LOGIN = "hebasto"  # opened and reviewed many of the recorded pull requests


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    return tmp_path_factory.mktemp("once") / "home"


@pytest.fixture
def collected(replay, collect, once, tmp_path):
    if not once.exists():
        collect("github", published=True)
        shutil.copytree(tmp_path / "home", once)
    else:
        shutil.copytree(once, tmp_path / "home")
    return replay


def texts(path: Path) -> list[str]:
    """Return every text of every table of an edition."""
    import duckdb

    found = []
    with duckdb.connect(str(path), read_only=True) as connection:
        for (table,) in connection.execute("select table_name from information_schema.tables").fetchall():
            for row in connection.execute(f"from {table}").fetchall():
                found += [str(value) for value in row if isinstance(value, (str, list))]
    return found


@pytest.mark.usefixtures("collected")
def test_no_login_reaches_the_nouns_as_a_person():
    with Live("team") as store:
        told = store.connection.execute(
            "select distinct json_extract_string(body, '$.author.login') from raw.github_pull_requests"
        ).fetchall()
    logins = {login.lower() for (login,) in told if login}
    names = {text.lower() for text in texts(edition().path)}

    assert len(logins) > 20
    assert names & logins == set()


@pytest.mark.usefixtures("collected")
def test_what_is_held_of_a_person_is_shown_and_forgotten_and_nothing_is_left():
    shown = subprocess.run(
        [sys.executable, "-m", "data", "show-me", LOGIN], cwd=HOUSE, capture_output=True, text=True, check=True
    )
    before = query("select count(*) as n from reviews").n[0]
    gone = subprocess.run(
        [sys.executable, "-m", "data", "forget", LOGIN.upper(), "--yes"],
        cwd=HOUSE, capture_output=True, text=True, check=True,
    )  # fmt: skip
    with Live("team") as store:
        left = people.held(store, LOGIN)

    assert int(shown.stdout.splitlines()[-1].split()[0]) > 100
    assert "none does now" in gone.stdout
    assert left == []
    assert query("select count(*) as n from reviews").n[0] == before
    assert len(list((home() / "published").glob("*.duckdb"))) == 1


def test_a_name_in_a_title_is_in_no_edition_afterwards(monkeypatch, tmp_path):
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))
    origin, day = Origin("github.com", "github", "github_pull_requests", "acme/shop"), datetime(2026, 3, 1)  # noqa: DTZ001
    with Live("team") as store:
        store.land(origin, [Row("1", day, {"id": "1", "title": "What ada-l did"}, "acme/shop")], Progress(), day)
        publish(store)
    assert "What ada-l did" in texts(edition().path)
    command = [sys.executable, "-m", "data", "forget", "ada-l", "--yes"]
    subprocess.run(command, cwd=HOUSE, check=True, capture_output=True)

    assert not [text for text in texts(edition().path) if "ada-l" in text]
    assert "What somebody-forgotten did" in texts(edition().path)


def test_a_forgotten_name_is_not_kept_when_it_is_told_again(monkeypatch, tmp_path):
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path))
    origin, day = Origin("github.com", "github", "github_things", "acme/shop"), datetime(2026, 3, 1)  # noqa: DTZ001 UTC
    told = {
        "author": {"login": "ada-l"},
        "title": "Thanks @Ada-L, and ada-london",
        "who": ["557058:f5-8b", "cc:ada-l"],
    }
    with Live("team") as store:
        store.land(origin, [Row("1", day, told, "acme/shop")], Progress(), day)
        people.forget(store, "Ada-L")
        people.forget(store, "557058:f5-8b")
    with Live("team") as store:
        later = day.replace(day=2)
        store.land(origin, [Row("1", later, told, "acme/shop"), Row("2", later, told, "acme/shop")], Progress(), later)
        store.land(origin, [Reject("3", "of no known form", "acme/shop", told)], Progress(), later)
        kept = store.connection.execute(
            "select distinct body from (select body from raw.github_things union all select body from rejects)"
        ).fetchall()
        left = people.held(store, "ada-l") + people.held(store, "557058:f5-8b")
        known = str(store.connection.execute("from forgotten").fetchall())

    nobody = "somebody-forgotten"
    assert kept == [(
        f'{{"author":{{"login":"{nobody}"}},"title":"Thanks @{nobody}, and ada-london","who":["{nobody}","cc:{nobody}"]}}',
    )]  # fmt: skip
    assert left == []
    assert "ada-l" not in known.lower()


def test_files_that_tell_who_somebody_is_are_readable_by_their_owner_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path))
    with Live("team") as store:
        people.forget(store, "ada-l")

    with journal("team").reading():  # and those it is read by, beside it
        looked.note(looked.Look(date(2026, 6, 30), "Drill", "ada@acme.test"))
        console_log.begin("team", "select 1")

        readable = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir() if path.is_file()}
    assert readable == dict.fromkeys(readable, "0o600")
    assert {"live.duckdb", "person.key", "journal.db", "journal.jsonl", "looked.db", "asked.db"} <= set(readable)


def test_what_was_set_aside_is_forgotten_as_well(monkeypatch, tmp_path):
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path))
    origin, day = Origin("github.com", "github", "github_things", "acme/shop"), datetime(2026, 3, 1)  # noqa: DTZ001 UTC
    with Live("team") as store:
        store.land(origin, [Reject("1", "of no known form", "acme/shop", {"login": "ada"})], Progress(), day)
        shown = people.held(store, "ada")
        people.forget(store, "ada")

        assert [(one.table, one.places) for one in shown] == [("rejects", ("login",))]
        assert people.held(store, "ada") == []


def test_addresses_and_pictures_of_people_are_not_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path))
    told = {
        "user": {"login": "a", "email": "a@example.org", "avatar_url": "https://x"},
        "list": [{"emailAddress": "b"}],
    }
    origin, day = Origin("github.com", "github", "github_things", "acme/shop"), datetime(2026, 3, 1)  # noqa: DTZ001 UTC
    with Live("team") as store:
        store.land(origin, [Row("1", day, told, "acme/shop")], Progress(), day)
        [(kept,)] = store.connection.execute("select body from raw.github_things").fetchall()

    assert kept == '{"user":{"login":"a"},"list":[{}]}'


@pytest.mark.usefixtures("collected")
def test_no_raw_row_holds_an_address_or_a_picture():
    with Live("team") as store:
        for table in store.tables():
            [(n,)] = store.connection.execute(
                f"select count(*) from raw.{table} where regexp_matches(body, $trace)", {"trace": TRACE.pattern}
            ).fetchall()
            assert n == 0, table
        publish(store)
