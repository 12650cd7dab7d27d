"""How much each part costs, measured side by side in one run on the sandbox company, and written to docs/benchmarks.md.

Seconds differ from machine to machine; ratios hardly do. Each figure stands beside the least work that could do for the same;
the two take turns, so that whatever else the machine does slows both, and each is the median of its turns.
"""

import argparse
import asyncio
import functools
import json
import logging
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pandas as pd

from tests import growth, rivals, scale

if TYPE_CHECKING:
    from data import Live

HOUSE = Path(__file__).resolve().parent.parent
DAY = "2026-06-30"  # always the same 15 months, so that two runs can be compared
LATER = "2026-09-30"
PAGES = ("this_week.py", "outcomes.py", "flow.py", "knowledge.py", "explore.py", "health.py")
PATIENCE = 600  # seconds to wait for a page

SIZE = 100_000  # pull requests of the company that is made up by tests/scale.py; 1,000,000 is what the promise is about
WITHIN = 0.150  # seconds, of a page's query at that size

VIEWERS = 50
SWITCH = 0.5  # seconds, for switching pages and filters
WHAT_IF = 0.5  # seconds, for twelve rocks, eight people and six sprints

Row = tuple[str, float, str, float]  # what, its seconds, beside what, that one's seconds


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def beside(what: str, work: Callable[[], object], other: str, least: Callable[[], object], turns: int = 5) -> Row:
    """Return a row: the medians of two works that take turns, after one turn that does not count."""
    taken = [(seconds(work), seconds(least)) for _ in range(turns + 1)][1:]
    ours, theirs = zip(*taken, strict=True)
    return what, median(ours), other, median(theirs)


def sync() -> dict:
    """Collect in a process of its own, as people do, and return its figures with its wall time."""
    command = [sys.executable, "-m", "collectors", "sync", "--json"]
    begun = time.perf_counter()
    told = subprocess.run(command, cwd=HOUSE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    return json.loads(told.stdout.splitlines()[-1]) | {"wall": time.perf_counter() - begun}


def collecting() -> Iterator[Row]:
    from collectors.sandbox import app

    first, second = sync(), sync()
    company = seconds(lambda: app(date.fromisoformat(DAY)))
    yield f"the first sync, {first['new']:,} rows", first["wall"], "making up the company it reads", company
    yield "a second sync, nothing new", second["wall"], "making up the company it reads", company


def keeping() -> Iterator[Row]:
    import data

    with data.Live("sandbox") as live:
        raw = "select table_name from duckdb_tables() where schema_name = 'raw'"
        tables = [name for (name,) in live.connection.execute(raw).fetchall()]
        scan = " union all ".join(f"select max(body->>'$.updatedAt') from raw.{name}" for name in tables)
        yield beside(
            "building and publishing an edition",
            lambda: data.publish(live, afresh=True),
            "one field of every raw answer",
            lambda: live.connection.execute(scan).fetchall(),
        )


def measuring() -> Iterator[Row]:
    import data
    import metrics

    def weekly(frame: pd.DataFrame, when: str, value: str, fold: str) -> pd.Series:
        return frame.groupby(frame[when].dt.to_period("W"))[value].agg(fold)

    pulls = data.query(
        "select merged_at, date_diff('second', opened_at, merged_at) / 86400.0 as days"
        " from pull_requests where merged_at is not null"
    )
    runs = data.query("select created_at from workflow_runs where self_service is not null")
    for name, work in (
        ("pull_request_cycle_time", partial(weekly, pulls, "merged_at", "days", "median")),
        ("workflow_runs", partial(weekly, runs, "created_at", "created_at", "count")),
    ):
        ours = partial(metrics.trend, metrics.metric(name))
        yield beside(f"weekly points of {name}", ours, "the same in pandas, already in memory", work)
    yield beside(
        "weekly points of all metrics",
        lambda: [metrics.trend(metric) for metric in metrics.METRICS],
        "opening the edition as often",
        lambda: [data.query("select 1") for _ in metrics.METRICS],
    )


def there(size: int) -> None:
    """See to it that a company of that size is made up and published."""
    import data

    if data.edition() is None:
        with data.Live("team") as live:
            scale.make_up(live, size)
            data.publish(live)


def wanted(live: "Live") -> dict[str, str]:
    """Return for each raw table the fields the nouns want of its bodies, as the model asks for them, or as it made them up."""
    from data.store import model

    found = re.findall(r"from_json\(body, ('\{[^']*\}')\)\)\s+from (?:with_parts\(')?live\.raw\.(\w+)", model())
    made_up = re.search(r"set variable jira_shape = (.+?);\n", model(), re.DOTALL)
    shapes = {table: shape for shape, table in reversed(found)}  # of two the first: it reads more
    if made_up:
        shapes["jira_issues"] = made_up[1].replace("getvariable('jira_custom')", "['customfield_10016']")
    return {
        table: shape
        for table, shape in shapes.items()
        if live.connection.execute(f"from raw.{table} limit 1").fetchall()
    }


def told_as_files(live: "Live", tables: Iterable[str]) -> list[Path]:
    """Write the answers of raw tables into files, a line each, as they would lie on a disk without a store."""
    import data

    shelf = data.home() / "answers"
    shelf.mkdir(exist_ok=True)
    files = [shelf / f"{table}.ndjson" for table in tables]
    plain = "format csv, header false, quote '', escape '', delimiter '\x01'"
    for file in files:
        if not file.exists():
            live.connection.execute(f"copy (select body from raw.{file.stem}) to '{file}' ({plain})")
    return files


def read_json(files: list[Path]) -> None:
    """Read files into tables of their own, every field."""
    with duckdb.connect(config={"threads": 2}) as connection:  # as many as the nouns are made with
        for file in files:
            connection.execute(f"create table {file.stem} as from read_json('{file}', format = 'newline_delimited')")


def growing(size: int) -> Iterator[Row]:
    """Nouns of a company of any size from raw, beside reading the same JSON, and its pages' queries beside plain pandas."""
    import data
    import metrics

    with data.Live("team") as live:
        if not live.count("github.com"):
            scale.make_up(live, size)
        shapes = wanted(live)
        files = told_as_files(live, shapes)

        def read(told: Callable[[str, str], str]) -> None:
            live.connection.execute("set threads = 2")
            for table, shape in shapes.items():
                live.connection.execute(told(table, shape)).fetchall()

        def nouns() -> None:
            data.publish(live, afresh=True)

        def once() -> None:
            read(lambda table, shape: f"select count(from_json(body, {shape})) from raw.{table}")

        def one_field() -> None:
            read(lambda table, _: f"select max(body->>'$.updatedAt') from raw.{table}")

        works, other = (
            (nouns, partial(read_json, files), once, one_field),
            (
                "read_json of the same answers",
                "one from_json of the fields they want",
                "one field of every raw answer",
            ),
        )
        turns = 4 if size < 500_000 else 1  # the first of several does not count
        taken = [[seconds(work) for work in works] for _ in range(turns)][-3:]
        made, *least = (median(one) for one in zip(*taken, strict=True))
        for what, took in zip(other, least, strict=True):
            yield "nouns from raw", made, what, took
        frame, parsing = in_pandas(live, size)
    yield from plainly(frame, parsing)
    for metric in metrics.METRICS:
        every = "month" if metric.private else "week"
        took = median([seconds(partial(metrics.trend, metric, every)) for _ in range(4)][1:])
        yield f"one query of {metric.name}", took, "what a page's query may take", WITHIN


PULL = ("repo", "number", "createdAt", "mergedAt", "additions", "deletions")


def in_pandas(live: "Live", size: int) -> tuple[pd.DataFrame, float]:
    """Return the pull requests as a plain script would read them, and how many seconds that took for all of them.

    It keeps what the metrics beside it need and nothing else. Beyond 100,000 a part is read and its time scaled up.
    """
    part = min(size, 100_000)

    def one(repo: str, body: str) -> tuple:
        pull = json.loads(body)
        reviews = [
            node["submittedAt"] for node in pull["timelineItems"]["nodes"]
            if node["__typename"] == "PullRequestReview" and (node["author"] or {}).get("login") != pull["author"]["login"]
        ]  # fmt: skip
        return (
            repo,
            *(pull[name] for name in PULL[1:]),
            pull["author"]["__typename"] == "Bot",
            min(reviews, default=None),
        )

    rows, parsing = [], 0.0
    for first in range(0, part, 10_000):  # the store's memory holds no more of them at once
        told = live.connection.execute(
            "select scope, body from raw.github_pull_requests where rowid >= ? and rowid < ?", [first, first + 10_000]
        ).fetchall()
        begun = time.perf_counter()
        rows += [one(*row) for row in told]
        parsing += time.perf_counter() - begun
    begun = time.perf_counter()
    frame = pd.DataFrame(rows, columns=[*PULL, "bot", "reviewedAt"])
    for name in ("createdAt", "mergedAt", "reviewedAt"):
        frame[name] = pd.to_datetime(frame[name], utc=True).dt.tz_convert("Europe/Berlin").dt.tz_localize(None)
    return frame, (parsing + time.perf_counter() - begun) * size / part


def plainly(frame: pd.DataFrame, parsing: float) -> Iterator[Row]:
    """The same metrics with pandas: from JSON each time, as a script would, and from a frame that is already in memory."""
    import metrics

    merged = frame[frame["mergedAt"].notna() & ~frame["bot"]]

    def cycle() -> pd.Series:
        days = (merged["mergedAt"] - merged["createdAt"]).dt.total_seconds() / 86400
        return days.groupby(merged["mergedAt"].dt.to_period("W")).median()

    def unreviewed() -> pd.Series:
        late = ~(merged["reviewedAt"] <= merged["mergedAt"])
        return late.groupby(merged["mergedAt"].dt.to_period("W")).mean()

    def size() -> pd.Series:
        lines = merged["additions"] + merged["deletions"]
        return lines.groupby(merged["mergedAt"].dt.to_period("W")).median()

    for name, work in (
        ("pull_request_cycle_time", cycle), ("unreviewed_share", unreviewed), ("pull_request_size", size),
    ):  # fmt: skip
        took, least = beside("", partial(metrics.trend, metrics.metric(name)), "", work)[1::2]
        yield f"one query of {name}", took, "the same in pandas, from JSON", parsing + least
        yield f"one query of {name}", took, "the same in pandas, already in memory", least


def page(name: str) -> Any:
    """Return a page as somebody opens it, drawn to its foot."""
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(HOUSE / "pages" / "menu.py"), default_timeout=PATIENCE)
    if name != PAGES[0]:
        app.switch_page(name)
    return drawn(app.run())


def drawn(app: Any) -> Any:
    assert not app.exception, app.exception
    assert any("Data complete:" in one.proto.body for one in app.get("html")), "it was not drawn to its foot"
    return app


def one_word() -> None:
    from streamlit.testing.v1 import AppTest

    AppTest.from_string("import streamlit as st; st.text('hello')", default_timeout=60).run()


@contextmanager
def constant() -> Iterator[None]:
    """Let every question of a page be answered by what it was answered before: the same drawing, and no query behind it."""
    from pages import reading

    kept = {name: one for name, one in vars(reading).items() if hasattr(one, "clear") and hasattr(one, "__wrapped__")}
    vars(reading).update({name: answers(one.__wrapped__) for name, one in kept.items()})
    try:
        yield
    finally:
        vars(reading).update(kept)


@functools.cache
def answers(question: Callable) -> Callable:
    """Return a question that remembers its answers, always the same for a question."""
    return functools.cache(question)


def opening(names: Sequence[str], turns: int = 5) -> Iterator[Row]:
    """Each page when only what the server prepares for an edition is kept, and again, beside the same on constant data."""
    import streamlit as st

    import data
    from pages import warm

    logging.disable(logging.WARNING)  # Streamlit remarks on being run without a browser

    def still(name: str) -> None:
        with constant():
            page(name)

    one_word()  # what opens pages here is loaded with the first of them
    st.cache_data.clear()
    warm.prepare(data.edition().name)
    first = {name: seconds(partial(page, name)) for name in names}
    for name in names:
        still(name)
        row = beside(
            f"{name}, opened again", partial(page, name), "the same on constant data", partial(still, name), turns
        )
        yield f"{name}, the first to open it", first[name], *row[2:]
        yield row
    yield beside(f"{names[0]}, opened again", partial(page, names[0]), "a page with one word", one_word, turns)


def switching(names: Sequence[str]) -> Iterator[Row]:
    """One person who goes from page to page and tries the filters on each, twice: the second time all has been asked before."""
    for way in ("the first time", "again"):
        taken, app = [], page(names[0])
        for name in names:
            app.switch_page(name)
            taken.append(seconds(app.run))
            for key, choice in (
                ("range", "6 weeks"),
                ("compare", "previous period"),
                ("range", "12 weeks"),
                ("compare", None),
            ):
                [picker] = [one for one in (*app.selectbox, *app.get("button_group")) if one.key == key]
                picker.set_value(choice)
                taken.append(seconds(app.run))
                drawn(app)
        told = f"switching pages and filters {way}, 95th percentile of {len(taken)}"
        yield told, float(np.quantile(taken, 0.95)), "what it may take", SWITCH


def loading(turns: int = 7) -> Iterator[Row]:
    """The first page in a browser that knows it, from its address to everything drawn, beside a page of ours with one sentence."""
    from playwright.sync_api import sync_playwright

    from tests.test_browser import QUIET, READY, chromium, dashboard

    with dashboard() as address, sync_playwright() as playwright:
        if not (found := chromium(playwright)):
            return
        browser = playwright.chromium.launch(executable_path=found, args=list(QUIET))
        seen = browser.new_page(viewport={"width": 1440, "height": 900})

        def load(path: str) -> None:
            seen.goto(f"{address}/{path}")
            seen.wait_for_function(READY, timeout=1_000 * PATIENCE)

        load("")  # the first one waits for what is prepared
        what, other = f"{PAGES[0]}, a whole load in a browser", "a page of ours with one sentence"
        yield beside(what, partial(load, ""), other, partial(load, "item"), turns)
        browser.close()


def watching(count: int, meanwhile: str, command: Sequence[str], day: str = DAY) -> Iterator[Row]:
    """So many people at once on a real server, from page to page, while something else goes on in a process of its own."""
    from tests.test_browser import dashboard
    from tests.viewers import PATHS, crowd

    with dashboard() as address:
        first, alone = (asyncio.run(crowd(address, 1, lambda: True, PATHS[:1]))[0] for _ in range(2))
        assert not first.wrong, first.wrong  # the first one waits for what is prepared
        making = subprocess.Popen(
            [sys.executable, *command],
            cwd=HOUSE,
            stdout=subprocess.DEVNULL,
            env=os.environ | {"CAIRN_SANDBOX_DAY": day},
        )
        seen = asyncio.run(crowd(address, count, lambda: making.poll() is not None))
        assert making.wait() == 0
    wrong = [one.wrong for one in seen if one.wrong]
    what = f"{count} viewers during {meanwhile}, {len(seen)} pages, {len(wrong)} errors"
    taken = [one.seconds for one in seen]
    yield f"{what}: the slowest", max(taken), "one viewer alone", alone.seconds
    yield f"{what}: the median", median(taken), "one viewer alone", alone.seconds
    for one in sorted(set(wrong)):
        sys.stderr.write(f"  {one}\n")


PUBLISH = """
import data
with data.Live(data.edition().company) as live:
    data.publish(live, afresh=True)
"""


def planning() -> Iterator[Row]:
    from metrics.plan import Change, Person, Plan, Rock, differences, forecast, what_if

    rocks = tuple(Rock(f"{n}", f"Rock {n}", (5 + n, 8 + n, 14 + n), needs=("pay",)) for n in range(12))
    people = tuple(Person((1.0,) * 6, frozenset({"pay"})) for _ in range(8))
    plan, weeks = Plan(people, rocks), [3, 5, 2, 4, 0, 6, 3, 5, 1, 4, 3, 6]
    away = Change(frozenset({(0, 1), (0, 2)}))

    def ask() -> None:
        differences(forecast(plan, weeks), forecast(what_if(plan, away), weeks))

    took = median(seconds(ask) for _ in range(5))
    yield "what if: twelve rocks, eight people, six sprints, one of them away", took, "what is promised", WHAT_IF


def talking(turns: int = 5) -> Iterator[Row]:
    """What people see of the edition there is."""
    yield from opening(PAGES, turns)
    yield from loading()
    yield from switching(PAGES)
    yield from watching(VIEWERS, "a publish", ["-c", PUBLISH])


def talking_and_syncing() -> Iterator[Row]:
    """What people see of an edition, and what they do while three months more are collected."""
    yield from talking()
    yield from watching(VIEWERS, "a sync", ["-m", "collectors", "sync"], LATER)


def table(measured: Iterator[Row]) -> str:
    lines = ["| what | seconds | beside | seconds | ratio |", "| --- | ---: | --- | ---: | ---: |"]
    lines += [
        f"| {what} | {took:.3f} | {other} | {least:.3f} | {took / least:.2f} |" for what, took, other, least in measured
    ]
    return "\n".join(lines)


def now() -> str:
    """Return the day, and how busy the machine was with other work: seconds and ratios of a busy one are too high."""
    return f"{datetime.now(UTC):%Y-%m-%d}, with a load of {os.getloadavg()[0]:.1f} before it began."


def written(measured: dict[str, str]) -> str:
    """Put sections into the file, in the place of those that bear their names; the others stay. Return the new ones."""
    path = HOUSE / "docs" / "benchmarks.md"
    there = re.findall(
        r"^## ([^\n]+)\n\n(.*?)\n*(?=^## |\Z)", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    head = (
        "# Benchmarks\n\nWritten by `make bench`; do not edit. Seconds are this machine's, ratios are nearly everybody's.\n"
        f"The sandbox company's 15 months up to {DAY}; {os.cpu_count()} cores, Python {platform.python_version()}. A million pull"
        ' requests are\nmeasured by `make bench ARGS="size --size 1000000"`, once and not in turns; ten million rows by `ARGS="growth --rows 100000 10000000"`.\n'
    )
    sections = [f"## {title}\n\n{text}\n" for title, text in (dict(there) | measured).items()]
    path.write_text("\n".join([head, *sections]), encoding="utf-8")
    return "\n".join(f"## {title}\n\n{text}\n" for title, text in measured.items())


COMPANY: dict[str, tuple[str, Callable[[], Iterator[Row]]]] = {  # measured on the sandbox company
    "collecting": ("Collecting", collecting),
    "keeping": ("Keeping", keeping),
    "measuring": ("Measuring", measuring),
    "planning": ("Planning", planning),
    "pages": ("Pages, on the server", talking_and_syncing),
}
PARTS = (*COMPANY, "rivals", "growth", "size", "size-pages")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument(
        "parts", nargs="*", default=PARTS, metavar="part", help=f"{', '.join(PARTS)}; all of them unless named"
    )
    asked.add_argument(
        "--size", type=int, default=SIZE, help="pull requests of the company made up (1000000: the promise)"
    )
    asked.add_argument("--keep", type=Path, help="the folder of that company's files: made up once, used again")
    asked.add_argument(
        "--rows",
        type=int,
        nargs="+",
        default=growth.SIZES,
        help="rows of raw to measure growth over (10000000: the promise)",
    )
    words = asked.parse_args()
    if unknown := set(words.parts) - set(PARTS):
        asked.error(f"there is no part '{min(unknown)}'; there are {', '.join(PARTS)}")
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(CAIRN_HOME=home, CAIRN_SANDBOX_DAY=DAY)
        for name in ("CAIRN_CONFIG", "GITHUB_TOKEN", "GITHUB_APP_ID", "JIRA_TOKEN", "JIRA_PAT"):
            os.environ.pop(name, None)
        for title, part in chosen(words, Path(home)):
            sys.stderr.write(f"{title} …\n")
            before = now()
            if found := part():
                sys.stdout.write(written({title: f"{before}\n\n{found}"}))  # at once: the next part may take an hour


def chosen(words: argparse.Namespace, home: Path) -> Iterator[tuple[str, Callable[[], str | None]]]:
    """Yield the title of each part that was asked for and what measures it, with the company it is measured on in place."""
    for name, (title, part) in COMPANY.items():
        if name in words.parts:
            if name != "collecting" and not (home / "sandbox").exists():
                sync()
            yield title, lambda part=part: table(part())
    if "rivals" in words.parts:
        yield "Collecting, beside others", rivals.table
    if "growth" in words.parts:
        yield "Growth", partial(growth.table, tuple(words.rows))
    if not {"size", "size-pages"} & set(words.parts):
        return
    large = words.keep or home / "large"
    large.mkdir(parents=True, exist_ok=True)
    (large / "team.toml").write_text(scale.WORDS, encoding="utf-8")
    os.environ.update(CAIRN_HOME=str(large), CAIRN_CONFIG=str(large / "team.toml"))
    if "size" in words.parts:
        yield f"{words.size:,} pull requests", lambda: table(growing(words.size))
    if "size-pages" in words.parts:
        there(words.size)
        yield f"Pages over {words.size:,} pull requests", lambda: table(talking())


if __name__ == "__main__":
    main()
