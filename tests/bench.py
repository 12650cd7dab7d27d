"""How much each part costs, measured side by side in one run on the sandbox company, and written to docs/benchmarks.md.

Seconds differ from machine to machine; ratios hardly do. Each figure stands beside the least work that could do for the same;
the two take turns, so that whatever else the machine does slows both, and each is the median of its turns.
"""

import json
import logging
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median

import pandas as pd

HOUSE = Path(__file__).resolve().parent.parent
DAY = "2026-06-30"  # always the same 15 months, so that two runs can be compared
PAGES = ("this_week.py", "explore.py", "health.py")

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
            lambda: data.publish(live),
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


def talking() -> Iterator[Row]:
    import streamlit as st
    from streamlit.testing.v1 import AppTest

    logging.disable(logging.WARNING)  # Streamlit remarks on being run without a browser

    def one_word() -> None:
        AppTest.from_string("import streamlit as st; st.text('hello')", default_timeout=60).run()

    def opened(page: str, *, cold: bool) -> None:
        if cold:
            st.cache_data.clear()
        app = AppTest.from_file(str(HOUSE / "pages" / "menu.py"), default_timeout=60)
        if page != PAGES[0]:
            app.switch_page(page)
        app.run()
        assert not app.exception, app.exception

    for page in PAGES:
        for cold in (True, False):
            what = f"{page}, {'nothing cached' if cold else 'cached'}"
            yield beside(what, partial(opened, page, cold=cold), "a page with one word", one_word)


def table(measured: Iterator[Row]) -> str:
    lines = ["| what | seconds | beside | seconds | ratio |", "| --- | ---: | --- | ---: | ---: |"]
    lines += [
        f"| {what} | {took:.3f} | {other} | {least:.3f} | {took / least:.1f} |" for what, took, other, least in measured
    ]
    return "\n".join(lines)


def main() -> None:
    parts = {"Collecting": collecting, "Keeping": keeping, "Measuring": measuring, "Pages, on the server": talking}
    head = (
        "# Benchmarks\n\nWritten by `make bench`; do not edit. Seconds are this machine's, ratios are nearly everybody's.\n"
        f"The sandbox company's 15 months up to {DAY}; {os.cpu_count()} cores, Python {platform.python_version()}.\n"
    )
    told = [head]
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(CAIRN_HOME=home, CAIRN_SANDBOX_DAY=DAY)
        for name in ("CAIRN_CONFIG", "GITHUB_TOKEN", "GITHUB_APP_ID", "JIRA_TOKEN", "JIRA_PAT"):
            os.environ.pop(name, None)
        for title, part in parts.items():
            sys.stderr.write(f"{title} …\n")
            told.append(f"## {title}\n\n{table(part())}\n")
    text = "\n".join(told)
    (HOUSE / "docs" / "benchmarks.md").write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
