"""The lake: several collectors and dashboards on several hosts lose nothing and double nothing, whoever is killed."""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import psycopg
import pytest

import data
from data import CairnError, Live, Origin, Progress, Row, edition, editions, health, publish, query
from data.lake import NOUNS, RAW, named
from data.lake_files import unwanted
from tests import postgres as server
from tests import torture

HOUSE = Path(__file__).resolve().parent.parent
PULLS = Origin("github.com", "github", "github_pull_requests", "acme/shop")
DAY = datetime(2026, 3, 1)  # noqa: DTZ001 zone-less UTC, like everything in the store


@pytest.fixture(autouse=True)
def _home(monkeypatch, tmp_path):
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))


def page(*ids: str, body: str = "x") -> list[Row]:
    return [Row(one, DAY, {"title": body}, "acme/shop") for one in ids]


def land(store: Live, *ids: str, body: str = "x") -> None:
    store.land(PULLS, page(*ids, body=body), Progress({"page": 1}), DAY)


def held(store: Live) -> tuple[int, int]:
    return store.connection.execute("select count(*), count(distinct id) from raw.github_pull_requests").fetchone()


def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    told = {**os.environ, **env}
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=HOUSE, env=told, capture_output=True, text=True, check=False
    )


def other_host(monkeypatch, tmp_path, name: str = "other") -> Path:
    """Go to another host, which was brought the key."""
    home = tmp_path / name
    home.mkdir()
    (home / "person.key").write_bytes((tmp_path / "home" / "person.key").read_bytes())
    monkeypatch.setenv("CAIRN_HOME", str(home))
    return home


# Turns


def test_two_that_bring_the_same_new_row_at_once_leave_one(lake):
    with Live("team") as one, Live("team") as other:
        second = threading.Thread(target=land, args=(other, "1", "2"))
        with one.transaction():
            one._merge("raw.github_pull_requests", "github.com", page("1", "2"), DAY)
            second.start()
            second.join(0.5)
            assert second.is_alive(), "it waits for its turn"
        second.join()

        assert held(one) == (2, 2)


def test_ducklake_alone_would_have_kept_both(lake, tmp_path):
    at = named(lake, tmp_path / "home")
    with Live("team"):
        pass
    with at.connect(RAW) as one, at.connect(RAW) as other:
        for connection in (one, other):
            connection.execute("begin; insert into raw.github_pull_requests (source, id) values ('github.com', '1')")
        for connection in (one, other):
            connection.execute("commit")
        [(rows,)] = one.execute("select count(*) from raw.github_pull_requests").fetchall()

    assert rows == 2, "DuckLake sees this now, and the turns could go"


def test_whoever_lost_the_turn_commits_nothing(lake):
    def late(one: Live, other: Live) -> None:
        with one.transaction():
            one._merge("raw.github_pull_requests", "github.com", page("1", "2"), DAY)
            with psycopg.connect(one.lake.catalog, autocommit=True) as server:
                server.execute("select pg_terminate_backend(%s)", (one.turns.connection.info.backend_pid,))
            land(other, "1", "2")

    with Live("team") as one, Live("team") as other:
        with pytest.raises(CairnError, match="could not be read or written"):
            late(one, other)
        assert held(other) == (2, 2)


def test_a_source_is_read_by_one_collector_and_free_again_when_that_one_is_killed(lake):
    reader = (
        "from data import Live\nwith Live('team') as s, s.claim('github.com') as free: print(free, flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", reader], cwd=HOUSE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout.readline() == "True\n"
        with Live("team") as second:
            with second.claim("github.com") as free, second.claim("jira.example") as another:
                assert (free, another) == (False, True)
            first.kill()
            first.wait()
            while True:  # the server hears of it in a moment
                with second.claim("github.com") as free:
                    if free:
                        break


def test_what_another_collector_has_forgotten_or_begun_is_known_before_the_next_page(lake):
    with Live("team") as one, Live("team") as other:
        land(one, "1")
        other.forget("ada")
        other.land(Origin(*list(vars(PULLS).values())[:3], "acme/other"), [], Progress({"page": 7}), DAY)
        land(one, "2", body="by ada")

        rows = one.connection.execute("select body from raw.github_pull_requests where id = '2'").fetchall()
        assert rows == [('{"title":"by somebody-forgotten"}',)]
        assert one.connection.execute("select count(*) from progress").fetchall() == [(2,)]


def test_a_host_that_hashes_people_otherwise_is_refused(lake, monkeypatch, tmp_path):
    with Live("team"):
        pass
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "stranger"))

    with pytest.raises(CairnError, match=r"another key .*\n.*Nothing was changed"):
        Live("team")


# Dashboards


def test_every_host_shows_the_newest_edition_and_the_last_one_while_the_lake_is_away(lake, monkeypatch, tmp_path):
    with Live("team") as store:
        store.land(PULLS, page("1"), Progress(complete_to=DAY), DAY)
        made = publish(store)
        kept = {t: query(f"select * from {t}") for t in ("sources", "about", "repositories", "workdays")}
        monkeypatch.setenv("CAIRN_LAKE", str(tmp_path / "lake"))
        home = other_host(monkeypatch, tmp_path)

        assert edition().name == made.name
        assert edition().path.is_relative_to(home)
        assert all(query(f"select * from {t}").equals(frame) for t, frame in kept.items())
        newer = publish(store)
    editions._ARRIVALS.clear()  # as long after the last look
    assert edition().name == newer.name

    editions._ARRIVALS.clear()
    monkeypatch.setenv("CAIRN_STORE", f"{lake} password=canary-of-the-lake".replace("host=/", "host=/nowhere/"))
    assert edition().name == newer.name
    told = health.state(DAY)
    assert "The lake cannot be reached since" in told.sentence()
    assert (told.word, told.complete_to) == ("ok", DAY)


def test_a_lake_that_was_never_reached_is_said_in_words_without_the_password(monkeypatch, tmp_path):
    monkeypatch.setenv(
        "CAIRN_STORE", f"ducklake:postgres:host={tmp_path} user=cairn dbname=x password=canary-of-the-lake"
    )
    for command in (("data", "query", "from about"), ("data", "rebuild"), ("metrics", "list")):
        told = run(*command)
        said = told.stdout + told.stderr
        assert "canary" not in said
        if command[0] == "data":
            assert told.returncode == 2
            assert "The lake x at" in told.stderr
            assert "is safe" in told.stderr
            assert len(told.stderr.strip().splitlines()) <= 3, told.stderr


def test_a_lake_that_was_never_reached_is_not_mistaken_for_one_in_which_nothing_is(monkeypatch, tmp_path):
    monkeypatch.setenv("CAIRN_STORE", f"ducklake:postgres:host={tmp_path} user=cairn dbname=x")
    for _ in range(2):
        with pytest.raises(CairnError, match="The lake x at"):
            edition()


@pytest.mark.parametrize("store", ["sqlite:x", "ducklake:sqlite:x", "ducklake:postgres:a lake", "x"])
def test_what_names_no_lake_is_refused_in_words(store, monkeypatch):
    monkeypatch.setenv("CAIRN_STORE", store)
    with pytest.raises(CairnError, match="does not name a lake"):
        Live("team")


def test_an_older_edition_never_takes_the_place_of_a_newer(lake, tmp_path):
    from data import lake_editions

    with Live("team") as store:
        made = publish(store)
        seen = store.imaged
        land(store, "1")
        newer = publish(store)

        assert not lake_editions.keep(store.lake, made.path, made.name, seen)
        assert lake_editions.kept(store.turns)[-1].name == newer.name


# The past


def test_what_was_shown_on_a_day_is_shown_again_number_for_number(lake, monkeypatch, tmp_path):
    with Live("team") as store:
        publish(store)
        land(store, "1")
        first = publish(store)
        before = query("select items from sources")
        between = datetime.now(UTC).replace(tzinfo=None)
        land(store, "2")
        publish(store)
    other_host(monkeypatch, tmp_path)
    monkeypatch.setenv("CAIRN_LAKE", str(tmp_path / "lake"))
    with data.asking(data.as_of(between)):
        assert data.asked().name == first.name
        assert query("select items from sources").equals(before)
    assert list(query("select items from sources")["items"]) == [2]
    with pytest.raises(CairnError, match="keeps no edition from before"):
        data.as_of(DAY)
    told = run("metrics", "show", "throughput", "--as-of", f"{datetime.now(UTC):%Y-%m-%d}", "--json")
    assert json.loads(told.stdout)["edition"] == edition().name, told.stderr


def test_without_a_lake_there_is_no_past_and_words_say_so():
    told = run("metrics", "show", "throughput", "--as-of", "2026-03-31")

    assert told.returncode == 2
    assert "Only a lake keeps the editions of the past" in told.stderr


def test_kept_are_two_days_whole_then_the_last_of_each_day_and_then_of_each_month():
    now = datetime(2026, 11, 22, 12)  # noqa: DTZ001
    times = [now - timedelta(hours=6 * n) for n in range(4 * 900)][::-1]
    gone = set(unwanted(enumerate(times), now, days=30))
    kept = [at for nth, at in enumerate(times) if nth not in gone]

    assert [at for at in times if now - at <= timedelta(days=2)] == kept[-9:]
    assert {at.date() for at in kept} >= {now.date() - timedelta(days=n) for n in range(30)}
    months = [at for at in kept if now - at > timedelta(days=31)]
    assert [at.hour for at in months] == [18] * len(months)
    assert len(months) == len({(at.year, at.month) for at in months}) == 22
    assert unwanted([(4, now - timedelta(days=3000))], now, days=30) == [], "the newest stays, however old"


# House-keeping


def files(place: Path) -> list[bytes]:
    return [path.read_bytes() for path in place.rglob("*") if path.is_file()]


def test_many_small_files_become_few_and_hold_the_same(lake, tmp_path):
    with Live("team") as store:
        for nth in range(12):
            land(store, *(f"{nth}-{n}" for n in range(20)))
        before, was = (
            store.fingerprint(store.connection),
            len(list((tmp_path / "lake" / RAW / "raw").rglob("*.parquet"))),
        )
        store.connection.execute("call ducklake_merge_adjacent_files('live')")
        store.tidy()
        store.connection.execute("call ducklake_expire_snapshots('live', older_than => now())")
        store.connection.execute("call ducklake_cleanup_old_files('live', cleanup_all => true)")
        assert store.fingerprint(store.connection) == before
        assert held(store) == (240, 240)
    left = list((tmp_path / "lake" / RAW / "raw").rglob("*.parquet"))

    assert was >= 12
    assert len(left) <= 2


def test_who_is_forgotten_is_in_no_file_of_the_lake_and_in_no_word_of_its_catalog(lake, monkeypatch, tmp_path):
    canary = "zz-canary-login"
    with Live("team") as store:
        for nth in range(3):  # whole files, and rows so few that the catalog holds them itself
            land(store, *(f"{nth}-{n}" for n in range(20)), body=f"@{canary} did {nth}")
            land(store, f"few-{nth}", body=f"@{canary}")
            publish(store)
    there = [path.read_bytes() for path in (tmp_path / "lake").rglob("*") if path.is_file()]
    assert there
    assert canary in words_of(lake)
    told = run("data", "forget", canary, "--yes")

    assert told.returncode == 0, told.stderr
    assert "63 rows named" in told.stdout
    for path in (tmp_path / "lake").rglob("*.parquet"):
        rows = duckdb.execute(f"select count(*) from read_parquet('{path}') t where contains(t::text, '{canary}')")
        assert rows.fetchone() == (0,), path
    assert canary not in words_of(lake)
    assert len(list((tmp_path / "home" / "published").glob("*.duckdb"))) == 1
    with Live("team") as store:
        assert held(store) == (63, 63)
        land(store, "more", body=f"@{canary} again")
    assert canary not in words_of(lake)


def words_of(lake: str) -> str:
    """Return every word of the catalog, also of what was overwritten and still lies in its files."""
    with psycopg.connect(lake.removeprefix("ducklake:postgres:"), autocommit=True) as server:
        server.execute("analyze")
        server.execute("checkpoint")
        [place, number] = server.execute(
            "select current_setting('data_directory'), oid::text from pg_database where datname = current_database()"
        ).fetchone()
    return "".join(found.decode("latin-1") for found in files(Path(place) / "base" / number))


# The way in and the way back


def test_what_was_collected_moves_into_a_lake_and_back_and_is_the_same(lake, monkeypatch, tmp_path):
    monkeypatch.delenv("CAIRN_STORE")
    with Live("team") as store:
        land(store, *map(str, range(300)), body="½ 🚀")
        store.gone(PULLS, ["3"], DAY)
        file = store.path
        numbers = publish(store) and query("select * from sources").to_csv()
    whole, before = file.read_bytes(), torture.held("team")
    editions.let_go()
    there = run("data", "move", "--to", lake)
    again = run("data", "move", "--to", lake)

    assert there.returncode == 0, there.stderr
    assert "are the same in both" in there.stdout
    assert file.read_bytes() == whole
    assert again.returncode == 2
    assert "There is something in the lake" in again.stderr
    monkeypatch.setenv("CAIRN_STORE", lake)
    assert torture.held("team") == before
    assert query("select * from sources").to_csv() == numbers
    in_the_way = run("data", "move", "--to", "file")
    assert "is there already" in in_the_way.stderr
    file.rename(file.with_suffix(".before"))
    back = run("data", "move", "--to", "file")
    assert back.returncode == 0, back.stderr
    monkeypatch.delenv("CAIRN_STORE")
    assert torture.held("team") == before


def test_a_move_that_was_killed_has_moved_nothing_and_can_be_run_again(lake, monkeypatch):
    monkeypatch.delenv("CAIRN_STORE")
    with Live("team") as store:
        land(store, *map(str, range(2000)), body="y" * 2000)
    before = torture.held("team")
    killer = f"""
import os, signal
from data import move, lake, store
real, seen = move.SAME, []
class Some(str):
    def format(self, **told):
        seen.append(1)
        if len(seen) > 4: os.kill(os.getpid(), signal.SIGKILL)
        return real.format(**told)
move.SAME = Some(real)
move.into_lake(store.folder("team") / "live.duckdb", lake.named({lake!r}, store.home()))
"""
    killed = subprocess.run([sys.executable, "-c", killer], cwd=HOUSE, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    there = run("data", "move", "--to", lake)
    assert there.returncode == 0, there.stderr
    monkeypatch.setenv("CAIRN_STORE", lake)

    assert torture.held("team") == before


def test_a_backup_of_a_lake_comes_back_as_a_file_and_into_another_lake(lake, postgres, monkeypatch, tmp_path):
    with Live("team") as store:
        land(store, "1", "2")
        publish(store)
    before, file = torture.held("team"), tmp_path / "cairn.tar"
    written = run("data", "backup", str(file))
    assert written.returncode == 0, written.stderr
    for store in ("", server.lake(postgres)):
        place = tmp_path / f"home{len(store)}"
        monkeypatch.setenv("CAIRN_HOME", str(place))
        monkeypatch.setenv("CAIRN_STORE", store)
        monkeypatch.setenv("CAIRN_LAKE", str(place / "lake"))
        back = run("data", "restore", str(file))
        assert back.returncode == 0, back.stderr
        assert torture.held("team") == before
        assert date.fromisoformat(edition().name[:8])


def test_who_has_no_lake_loads_nothing_of_it():
    told = run_code(
        "import sys, data; data.Live('team').__exit__(None, None, None); data.edition(); print('data.lake' in sys.modules, 'psycopg' in sys.modules)"
    )

    assert told == "False False\n"


def run_code(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], cwd=HOUSE, capture_output=True, text=True, check=True).stdout


def test_the_two_parts_of_a_lake_lie_in_schemas_of_their_own(lake):
    with Live("team") as store:
        publish(store)
        names = store.turns.connection.execute(
            "select nspname from pg_namespace where nspname like 'cairn%' order by 1"
        )
        assert [name for (name,) in names.fetchall()] == sorted([NOUNS, RAW])


def test_an_edition_is_made_of_one_moment_whatever_another_collector_begins_meanwhile(lake, monkeypatch):
    with Live("team") as ours, Live("team") as theirs:
        still_image = ours.still_image

        @contextmanager
        def image():
            with still_image() as connection:
                theirs.land(Origin("github.com", "github", "github_things", "acme/shop"), [], Progress(), DAY)
                yield connection

        monkeypatch.setattr(ours, "still_image", image)
        told = publish(ours)

    assert told.path.exists()


def test_what_another_collector_brings_just_before_an_edition_is_made_is_in_it(lake, monkeypatch):
    milestones = Origin("github.com", "github", "github_milestones", "acme/shop")
    with Live("team") as ours, Live("team") as theirs:
        publish(ours)  # nothing has changed since, so its nouns could be taken over
        still_image = ours.still_image

        @contextmanager
        def image():
            theirs.land(milestones, page("1"), Progress({"page": 1}), DAY)
            with still_image() as connection:
                yield connection

        monkeypatch.setattr(ours, "still_image", image)
        publish(ours)

    assert list(query("select count(*) as n from milestones").n) == [1]
