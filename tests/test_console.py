"""Questions in SQL: one SELECT is answered or ended in time, nothing gets out, nobody can be read from it, and all is written down."""

import contextlib
import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

import data
import metrics
from data import CairnError, Live, console, console_child, console_log, editions, publish
from data.console import COMMAND, SCREEN, NotAnsweredError, ask
from data.editions import drop_old_editions
from data.open_file import open_file, schema
from data.open_tables import TABLES
from metrics import METRICS, paste
from tests import test_nouns
from tests.test_bad_input import HOUSE, complaint, run
from tests.test_drill import HOSTILE, lives
from tests.test_nouns import commit, pull, review, who

told = test_nouns.told
LIMIT = 5.5  # seconds until a question is answered or ended
CANARY = "canary-7c1e"  # stands in a file, in the environment and in a table that nobody may read
GIB = 1 << 20  # KiB, in which the system tells how much memory a process took
FOR_EVER = "with recursive t as (select 1 as i union all select i + 1 from t) select count(*) from t"
OWN = [
    "from read_blob('{file}')",
    "from read_text('{home}/.env')",
    "from read_csv('{home}/.env', header = false)",
    "from read_json('{home}/.env')",
    "from parquet_scan('{home}/.env')",
    "from read_text('/proc/self/environ')",
    "from read_blob('/proc/self/fd/3')",
    "from '{file}'",
    "from '{home}/.env'",
    "from glob('{home}/*')",
    "from glob('**')",
    "select * from sniff_csv('{home}/.env')",
    "attach '{edition}' as whole (read_only)",
    'from "{edition}".pull_requests',
    "copy (select 1) to '{home}/owned.csv'",
    "copy pull_requests to '{home}/owned.csv'",
    "export database '{home}/owned'",
    "create table owned as select 1",
    "insert into about values ('owned', '1')",
    "drop table issues",
    "pragma enable_profiling = 'json'",
    "set lock_configuration = false",
    "reset enable_external_access",
    "install httpfs",
    "load '{home}/owned.duckdb_extension'",
    "from read_text('https://evil.example/x')",
    "create secret (type s3, key_id 'x')",
    "from enable_logging(storage = 'file', storage_path = '{home}/owned')",
    "from enable_profiling(save_location = '{home}/owned')",
    "from duckdb_secrets()",
    "from duckdb_settings()",
    "from duckdb_databases()",
    "from duckdb_logs()",
    "select current_setting('secret_directory'), getvariable('person_key')",
    "select getenv('CANARY')",
    "from query('from private')",
    "from query('copy (select 1) to ''{home}/owned.csv''')",
    "from query_table('private')",
    "from query_table('{edition}')",
    "from connection",
    "from statements",
    "call enable_logging()",
    "from pandas_scan(null)",
    "from arrow_scan(1, 1, 1)",
    "from read_duckdb('{edition}', table_name = 'private')",
    "from json_execute_serialized_sql(json_serialize_sql('from private'))",
    "from force_checkpoint()",
    "select sleep_ms(60000)",
    "from pragma_storage_info('pull_requests')",
    "select 1; select 2",
    "select 1; copy (select 1) to '{home}/owned.csv'",
    "select 1 --\n; drop table issues",
    "/* select 1 */ drop table issues /* ; */",
    "select 1) as x; drop table issues; select * from (select 1",
    "select 1) union all (select 2",
    "\uff53\uff45\uff4c\uff45\uff43\uff54 1",
    "select\u00a01",
    "select '\u202e' as \"\u202etxt.exe\"",
    "select '\ud800'",
    "select \x00 1",
    "",
    "--",
    "explain analyze select 1",
    "prepare x as select 1",
    "begin transaction",
    "vacuum",
    "checkpoint",
    "pivot issues on type using count(*)",
    FOR_EVER,
    "with recursive t as (select 1 as i union all select 2 * i from t, range(2)) select max(i) from t",
    "select repeat('x', 2e9::bigint)",
    "select repeat('x', 1000000000) || repeat('y', 1000000000)",
    "select list_sum(range(2000000000))",
    "select levenshtein(repeat('a', 100000), repeat('b', 100000))",
    "select unnest(range(1000000000))",
    "from range(1000000000000) a, range(1000000000000) b",
    "select sum(a.range * b.range) from range(1000000000000) a, range(1000000000000) b",
    "select string_agg(repeat('x', 1000000), '') from range(5000)",
    "select list(range) from range(1000000000)",
    "select regexp_replace(repeat('a', 50000000), '(a|aa)+$', 'b', 'g')",
    "from (from range(10000000) order by random())",
    "select '" + "x" * 19_900 + "'",
    "select '" + "x" * 20_001 + "'",
    "select " + "(" * 9_000 + "1" + ")" * 9_000,
    "select " + " + ".join("1" * 3_000),
    "select repeat('=1+1,', 100000) from range(10000)",
]
OUTCOMES = {"refused", "not understood", "ended", "ended after its time", "ended: too much memory"}


def hostile() -> list[str]:
    """Return the hostile lines beside this checkout, where it lies beside them, and our own."""
    beside = json.loads(HOSTILE.read_text(encoding="utf-8")) if HOSTILE.exists() else []
    return [str(one["value"]) for one in beside if one["kind"] == "sql"] + OWN


def numbered(lines: list[str]) -> list[str]:
    return [f"{nth} {line[:60]!a}" for nth, line in enumerate(lines)]


@pytest.fixture(scope="module")
def place(publish_nouns, tmp_path_factory):
    """A published company; beside it and in its edition lies what must not be read."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("console") / "home"
        made = publish_nouns(patch, home.parent, **lives())
        patch.setenv("CANARY", CANARY)
        (home / ".env").write_text(f"GITHUB_TOKEN={CANARY}\n", encoding="utf-8")
        with duckdb.connect(str(made.path)) as connection:
            connection.execute(f"create table private as select '{CANARY}' as told")
        yield home


@pytest.fixture
def small(nouns):
    return nouns(deployments=[{"id": f"D{n}", "repo": "acme/shop", "production": True} for n in range(3)])


def everything(home: Path) -> dict[str, str]:
    """Return every file below a folder with a hash of it, but for the list of questions."""
    return {
        f"{path}": hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.parent.rglob("*"))
        if path.is_file() and path.name != "asked.db"
    }


def processes(of: str) -> list[str]:
    told = subprocess.run(["ps", "-A", "-o", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in told.splitlines() if of in line]


def answered(sql: str) -> tuple[str, str]:
    """Return what was said to a question, and what should have been written down of it."""
    try:
        found = ask(sql)
    except NotAnsweredError as error:
        return str(error), error.outcome
    many = len(found.rows)
    return json.dumps([found.columns, found.rows]), f"{many:,} row{'' if many == 1 else 's'}"


# 0 escapes


@pytest.mark.parametrize("line", hostile(), ids=numbered(hostile()))
def test_a_hostile_line_is_answered_or_ended_in_time_and_nothing_gets_out(line, place):
    file = open_file(editions.newest_of_all())
    sql = line
    for name, path in {"{file}": file, "{home}": place, "{edition}": editions.newest_of_all().path}.items():
        sql = sql.replace(name, str(path))
    before, begun = everything(place), time.monotonic()
    said, outcome = answered(sql)

    assert time.monotonic() - begun <= LIMIT
    assert outcome in OUTCOMES or len(said.splitlines()) == 1
    assert len(said.splitlines()) <= 3
    assert "Traceback" not in said
    assert CANARY not in said
    assert "root:" not in said
    assert everything(place) == before
    assert processes(file.name) == []
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= 2 * GIB
    assert console_log.newest("team", 1)[0].outcome in {outcome, f"{outcome} and more"}


def test_whatever_duckdb_would_do_the_process_can_open_nothing(tmp_path):
    """The settings are taken away, so that what holds here is what the system refuses."""
    with duckdb.connect(str(tmp_path / "x.open")) as connection:
        connection.execute("create table t as select 1 as i")
    (tmp_path / "secret").write_text(CANARY, encoding="utf-8")
    program = """
import socket
from data import console_child as child
child.SHUT = {"threads": 1}
child.limit(5)
connection = child.duckdb.connect("x.open", read_only=True, config=child.SHUT)
child.shut()
assert child.answer(connection, "from t", 10, 1000)["rows"] == [[1]]
child.MAY_BE_ASKED |= {"read_text", "enable_logging"}
for sql in ("from read_text('secret')", "from enable_logging(storage = 'file', storage_path = 'owned')"):
    try:
        print(child.answer(connection, sql, 10, 1000))
    except child.duckdb.Error as error:
        print(error)
for way in (lambda: open("secret"), lambda: open("owned", "w"), socket.socket):
    try:
        print(way())
    except OSError as error:
        print(error)
"""
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(HOUSE)}
    ).stdout  # fmt: skip

    assert told.count("Too many open files") == 4
    assert CANARY not in told
    assert not (tmp_path / "owned").exists()


def test_the_process_of_a_question_is_shut_before_it_hears_it(small, monkeypatch, tmp_path):
    """To read its own file again DuckDB lets through; the process has no handle left for it."""
    program = tmp_path / "child.py"
    told = Path(console_child.__file__).read_text(encoding="utf-8").replace('{"range", ', '{"read_blob", ')
    program.write_text(told, encoding="utf-8")
    monkeypatch.setattr(console_child, "__file__", str(program))

    with pytest.raises(NotAnsweredError, match="Too many open files"):
        ask(f"from read_blob('{open_file(small)}')")


@pytest.mark.parametrize(
    "sql",
    [
        "from {}",
        "with x as (from {}) from about",
        "select (select count(*) from {})",
        "from about where exists (from {})",
        "with recursive r as (select 1 union all from {}) from r",
        "from about, lateral (from {})",
        "from (select * from system.main.{} limit 1) as range",
    ],
)
def test_no_function_but_a_few_stands_for_a_table_wherever_it_stands(sql, small):
    for function in ("Pandas_Scan(null)", "read_text('x')", "json_execute_serialized_sql('x')"):
        with pytest.raises(NotAnsweredError, match="function for a table"):
            ask(sql.format(function))


def test_the_few_functions_that_may_stand_for_a_table_do(small):
    found = ask("select range + one.i as n from range(2), unnest([1]) as one(i) order by n")

    assert found.rows == ((1,), (2,))


@pytest.mark.parametrize("sql", ["select sleep_ms(60000)", FOR_EVER], ids=["waits", "works"])
def test_a_question_whose_dashboard_was_killed_ends_by_itself(sql, small):
    with subprocess.Popen(
        [sys.executable, "-I", console_child.__file__, open_file(small), "5", "10", "1000"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        told, _ = child.communicate(sql.encode(), timeout=30)

    assert told == b""
    assert -child.returncode in {signal.SIGALRM, signal.SIGXCPU, signal.SIGKILL}


def test_at_most_two_questions_are_answered_at_once_and_the_next_is_told_to_wait(small):
    with contextlib.ExitStack() as turns:
        for _ in range(console.AT_ONCE):
            turns.enter_context(console._TURNS)
        with pytest.raises(NotAnsweredError, match="Ask again in a few seconds"):
            ask("select 1")
    assert ask("select 1").rows == ((1,),)


# What there is to ask


def test_every_column_of_an_edition_is_open_or_kept_back_and_someone_decided_which(small):
    """A new column fails here until it stands in open_tables.py."""
    there: dict[str, set[str]] = {}
    with duckdb.connect(str(small.path), read_only=True) as connection:
        for table, column in connection.execute("select table_name, column_name from duckdb_columns()").fetchall():
            there.setdefault(table, set()).add(column)
    decided = {one.name: {*one.columns.split(), *one.back.split()} for one in TABLES}

    assert decided == {name: there[name] for name in decided}
    assert set(decided) == {name for (name,) in data.query("show tables").to_numpy()}


def test_no_login_and_no_hash_of_anybody_is_in_the_open_file(told):
    people = {"canary-ada", "canary-grace"}
    ada, grace = map(who, sorted(people))
    run = {"name": "CI", "path": ".github/workflows/ci.yml", "event": "pull_request", "status": "completed"}
    run |= {
        "conclusion": "success",
        "run_attempt": 1,
        "created_at": "2026-03-02T09:00:00Z",
        "head_branch": "canary-ada/fix",
    }
    made = told(
        '[[workflows]]\nname = "Provision"\nruns = ["provision*"]\n',
        github_pull_requests=[
            pull(1, review(1, 1, grace), commit("c1", 0.1), author=ada, merged=2, headRefName="canary-ada/fix"),
            pull(2, review(2, 1, ada), opened=1, author=grace),
        ],
        github_runs=[{**run, "id": 1, "actor": {"login": "canary-ada"}}, {**run, "id": 2, "name": "provision it", "actor": {"login": "canary-ada"}}],
        usage_rows=[{"happened_at": "2026-03-02", "feature": "search", "count": 1, "area": "shop", "user": "canary-ada"}],
        jira_issues=[("1", {"key": "SHOP-1", "fields": {"created": "2026-03-02T09:00:00.000+0000", "status": {"id": "1", "name": "Open"}}})],
        jira_worklogs=[{"issueId": "1", "started": "2026-03-02T09:00:00Z", "timeSpentSeconds": 60, "author": {"accountId": "canary-ada"}}],
    )  # fmt: skip
    hashes = {
        value
        for table, column in (("pull_requests", "author"), ("reviews", "reviewer"), ("usage", "user_hash"), ("workflow_attempts", "user_hash"))
        for value in made(f"select distinct {column} as it from {table} where {column} is not null")["it"]
    }  # fmt: skip
    assert len(hashes) == 2
    file = open_file(editions.newest_of_all())

    with duckdb.connect(str(file), read_only=True) as connection:
        tables = [name for (name,) in connection.execute("show tables").fetchall()]
        texts = "\n".join(str(row) for table in tables for row in connection.execute(f'from "{table}"').fetchall())
    assert "Change 1" in texts
    assert [one for one in people | hashes if one in texts or one.encode() in file.read_bytes()] == []
    assert not {"worklogs", "default_branch"} & set(tables)


def test_of_a_review_and_a_commit_the_day_is_open_and_not_the_hour(told):
    told(github_pull_requests=[pull(1, review(1, 1.2, who("b")), commit("c1", 0.3), author=who("a"))])
    found = ask("select submitted_at, authored_at from reviews join commits using (pull_request_id)").frame()

    assert found.map(lambda moment: moment.hour).to_numpy().tolist() == [[0, 0]]
    assert data.query("select submitted_at from reviews")["submitted_at"][0].hour != 0


@pytest.mark.parametrize(
    "column", ["author from pull_requests", "reviewer from reviews", "user_hash from usage", "seconds from worklogs"]
)
def test_what_private_metrics_are_made_of_cannot_be_asked(column, small):
    with pytest.raises(NotAnsweredError, match=r"Binder Error|Catalog Error"):
        ask(f"select {column}")


def test_the_sql_behind_every_view_is_answered_with_the_same_rows(place):
    asked = 0
    for metric in METRICS:
        points = metrics.trend(metric, "month")
        if metric.private or points.empty:
            continue
        one, asked = points.iloc[-1], asked + 1
        sql = paste.rows_sql(metric, (one["starts"], one["ends"]), "month")
        found, expected = (
            frame.astype(object).where(frame.notna(), None) for frame in (ask(sql).frame(), data.query(sql))
        )
        pd.testing.assert_frame_equal(found, expected, check_dtype=False, obj=metric.name)
    assert asked >= 20


def test_what_can_be_asked_says_what_its_columns_mean(small):
    found = schema(small).set_index(["table", "column"])

    assert found.loc[("pull_requests", "size")]["note"] == "lines added and deleted, without generated files"
    assert found.loc[("pull_requests", "merged_at")]["type"] == "TIMESTAMP"
    assert found[["about", "note"]].notna().all(axis=None)


# The file


def test_the_open_file_is_made_when_it_is_asked_for_once_and_goes_with_its_edition(monkeypatch, tmp_path):
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))
    files = []
    for _ in range(editions.KEPT + 1):
        with Live("team") as live:
            made = publish(live)
        assert not list(made.path.parent.glob(f"{made.name}*{editions.OPEN}"))
        data.query("from about")  # an edition that is open is copied all the same
        files.append(open_file(made))
        told = files[-1].stat()
        assert open_file(made).stat() == told
    (tmp_path / "published" / f"{made.name}.4711{editions.OPEN}").touch()  # a draft that a crash left

    assert [file.exists() for file in files] == [False, True, True, True]
    drop_old_editions("team")
    assert sorted(path.name for path in files[0].parent.iterdir()) == sorted(
        ["current", made.path.name, files[-1].name, f"{made.name}.4711{editions.OPEN}"]
    )
    with Live("team") as live:
        publish(live, afresh=True)
        drop_old_editions("team")
    assert not list(files[0].parent.glob(f"*{editions.OPEN}"))


def test_what_was_copied_when_other_columns_were_open_is_not_opened(small, monkeypatch):
    assert "title" in ask("from pull_requests").columns
    fewer = tuple(replace(one, columns=one.columns.replace(" title", "")) for one in TABLES)
    monkeypatch.setattr("data.open_file.TABLES", fewer)
    monkeypatch.setattr("data.open_file.MARK", "fewer")

    assert "title" not in ask("from pull_requests").columns


def test_a_copy_never_outlives_an_edition_that_was_removed_meanwhile(small, monkeypatch):
    real = Path.replace

    def moved(path: Path, target: Path) -> Path:
        there = real(path, target)
        small.path.unlink(missing_ok=True)
        return there

    monkeypatch.setattr(Path, "replace", moved)

    with pytest.raises(CairnError, match="Ask again"):
        open_file(small)
    assert not list(small.path.parent.glob(f"*{editions.OPEN}"))


def test_a_full_disk_is_said_in_words_and_leaves_no_draft(small, monkeypatch):
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("data.open_file._copy_table", full)

    with pytest.raises(CairnError, match="No space left"):
        ask("select 1")
    assert not list(small.path.parent.glob(f"*{editions.OPEN}"))


# The answer


def test_an_answer_has_its_order_its_types_and_its_names(small):
    found = ask(
        """select * from (values (2, 'b', timestamp '2026-03-01 09:30:00', [1, 2], 1.5, true), (1, null, null, null, null, null))
        as t(n, "=1+1", moment, many, "n ", yes) order by n desc -- so"""
    )

    assert found.columns == ("n", "=1+1", "moment", "many", "n ", "yes")
    assert found.rows[0] == (2, "b", "2026-03-01 09:30:00", "[1,2]", 1.5, True)
    frame = found.frame()
    assert frame["moment"][0] == pd.Timestamp("2026-03-01 09:30")
    assert frame["many"][0] == [1, 2]
    assert frame.isna().sum().tolist() == [0, 1, 1, 1, 1, 1]


def test_more_than_can_be_told_is_cut_and_said(small):
    rows = ask("from range(50000000)")
    letters = ask("select repeat('x', 20000) as x from range(5)")
    much = ask("select repeat('x', 9000) as x from range(9000)")

    assert (len(rows.rows), rows.more) == (SCREEN.rows, True)
    assert rows.left_out() == "These are the first 10,000 rows, and there are more."
    assert letters.left_out() == "5 cells were cut after 10,000 letters."
    assert much.more
    assert sum(len(row[0]) for row in much.rows) <= SCREEN.letters + 9000
    assert ask("from range(10000)").left_out() == ""


# The command


def test_the_command_tells_what_it_always_told(small, capsys):
    sql = """select id, count(*)::bigint as n, sum(1) as many, 1.5::decimal(4, 2) as x, 0.1 + 0.2 as y, ['a', 'b'] as l, {'a': 1} as s,
        timestamp '2026-01-02 03:04:05.5' as t, date '2026-01-02' as d, id = 'D1' as b,
        null::bigint as no, 'é<' as e, true as yes from deployments group by id order by id"""
    asked = run("data", "query", sql, "--json")

    assert asked.returncode == 0, asked.stderr
    before = data.query(sql).to_json(orient="records", date_format="iso", date_unit="s", indent=1)
    assert json.loads(asked.stdout) == json.loads(before)
    assert asked.stdout == before + "\n"


def test_the_command_asks_all_columns_and_tells_all_rows(small):
    [people] = json.loads(run("data", "query", "select count(distinct reviewer) as n from reviews", "--json").stdout)
    asked = run("data", "query", "select * from range(20000)", "--json")

    assert people["n"] is not None
    assert (asked.returncode, len(json.loads(asked.stdout))) == (0, 20_000)


def test_the_command_says_when_rows_are_left_out_and_ends_with_1(small):
    asked = run("data", "query", f"from range({COMMAND.rows + 1})", "--json")

    assert asked.returncode == 1
    assert f"first {COMMAND.rows:,} rows" in complaint(asked)


def test_the_command_refuses_in_words_and_ends_with_2(small):
    asked = run("data", "query", "select 1; select 2")

    assert asked.returncode == 2
    assert "one SELECT is answered at a time" in complaint(asked)


# The list of questions


def test_every_question_is_written_down_whatever_came_of_it(small):
    for sql in ("select 1", "drop table issues", "from nowhere", "select \x00"):
        with contextlib.suppress(NotAnsweredError):
            ask(sql, replace(SCREEN, seconds=0))
    ask("from deployments")

    told = [(one.sql, one.outcome) for one in console_log.newest("team", 9)]
    assert [sql for sql, _ in told] == ["from deployments", "select �", "from nowhere", "drop table issues", "select 1"]
    assert [outcome for _, outcome in told][:2] == ["3 rows", "refused"]
    assert {outcome for _, outcome in told[2:]} == {"ended after its time"}


def test_a_question_that_cannot_be_written_down_is_not_answered(small):
    (data.home() / "asked.db").mkdir()

    with pytest.raises(CairnError, match="No question is answered without being written down"):
        ask("select 1")


def test_questions_are_kept_for_90_days_and_who_asked_is_nowhere(small, monkeypatch):
    ask("select 'old'")
    monkeypatch.setattr(console_log, "KEPT", timedelta(0))
    assert console_log.newest("team", 9) == []
    ask("select 'new'")
    monkeypatch.setattr(console_log, "KEPT", timedelta(days=90))

    assert [one.sql for one in console_log.newest("team", 9)] == ["select 'new'"]
    assert b"select 'old'" not in (data.home() / "asked.db").read_bytes()
    assert set(vars(console_log.newest("team", 9)[0])) == {"at", "sql", "seconds", "outcome"}


def test_who_is_forgotten_is_forgotten_in_questions_too(small):
    ask("select 'Canary-Ada'")
    ask("select 'somebody else'")
    console_log.forget("team", "canary-ada")

    assert [one.sql for one in console_log.newest("team", 9)] == ["select 'somebody else'"]
    assert b"anary-Ada" not in (data.home() / "asked.db").read_bytes()
