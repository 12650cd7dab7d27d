"""What grows with the data and what must not: a sync, the nouns and each page over companies of several sizes.

Sizes are counted in rows of raw. Each is measured in a process of its own: `python -m tests.growth ROWS` prints one of them.
Processor time, as clocks tell of other work as well.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from tests import rivals, scale

HOUSE = Path(__file__).resolve().parent.parent
EACH = 4.7  # rows of raw that come with a pull request made up by tests/scale.py, about
SIZES = (100_000, 1_000_000)  # rows of raw; 10,000,000 is what the promise is about
COLLECTED = (10_000, 100_000)  # rows of raw that are collected from the stand-in
TURNS = 3  # first openings, each with what the server prepares
PAGES = 1.3  # times as long as over the smallest company, at most
Told = dict[str, Any]


def spent(work: Callable[[], object]) -> float:
    """Return the seconds of a processor some work takes in this process."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def rows(company: str) -> int:
    """Return how many rows of raw a store holds."""
    import data

    with data.Live(company) as live:  # pyright: ignore[reportArgumentType] one of the two
        return sum(live.connection.execute(f"select count(*) from raw.{name}").fetchone()[0] for name in live.tables())


def of(size: int) -> Told:
    """Make up a company of about so many rows in the home there is and return what it costs to make its nouns and to open its pages."""
    import streamlit as st

    import data
    from pages import warm
    from tests import bench

    with data.Live("team") as live:
        scale.make_up(live, round(size / EACH))
        turns = [spent(lambda: data.publish(live, afresh=True)) for _ in range(3 if size < 500_000 else 1)]
    made = data.edition()
    assert made
    rounds = []
    for _ in range(TURNS):
        st.cache_data.clear()
        prepared = spent(lambda: warm.prepare(made.name))
        rounds.append({"prepared": prepared} | {name: spent(partial(bench.page, name)) for name in bench.PAGES})
    first = {name: median(one[name] for one in rounds) for name in rounds[0]}
    again = {name: median(spent(partial(bench.page, name)) for _ in range(5)) for name in bench.PAGES}
    return {
        "rows": rows("team"),
        "bytes": (data.home() / "live.duckdb").stat().st_size,
        "nouns": median(turns),
        "prepared": first["prepared"],
        "pages": {name: {"first": first[name], "again": again[name]} for name in bench.PAGES},
    }


def measured(size: int) -> Told:
    """Return what `of` tells of a size, from a process and a home of its own."""
    with tempfile.TemporaryDirectory() as home:
        words = Path(home) / "team.toml"
        words.write_text(scale.WORDS, encoding="utf-8")
        told = {**os.environ, "CAIRN_HOME": home, "CAIRN_CONFIG": str(words)}
        ended = subprocess.run(
            [sys.executable, "-m", "tests.growth", f"{size}"],
            cwd=HOUSE, env=told, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True,
        )  # fmt: skip
    return json.loads(ended.stdout.splitlines()[-1])


def collected(size: int, of_one: int) -> Told:
    """Return what it costs to collect about so many rows from nothing, and again when nothing is new.

    `of_one` is how many rows come with one copy of the recorded repository.
    """
    with tempfile.TemporaryDirectory() as home, rivals.standing_in(0, max(1, round(size / of_one))) as url:
        command, told = rivals.ours(url, Path(home))
        first, again = (rivals.measured(url, command, **told) for _ in range(2))
        before = os.environ.get("CAIRN_HOME")
        os.environ["CAIRN_HOME"] = home
        try:
            return {"rows": rows("team"), "first": first, "again": again}
        finally:
            os.environ.pop("CAIRN_HOME") if before is None else os.environ.update(CAIRN_HOME=before)


def table(sizes: tuple[int, ...] = SIZES) -> str:
    """Return as Markdown what grows, and by how much beside the data: 1.00 is as fast as the data itself."""
    lines = [
        'Seconds of a processor; "per row" is how many times as long a row takes as in the smallest, 1.00 or less is promised.',
        "Collecting holds the editions made in between, at most a tenth of the time by the clock: on a busy machine there are more.",
        "",
        "| collecting | requests | s | MiB at most | per row | again: requests | s |",
        "| --- |" + " ---: |" * 6,
    ]  # fmt: skip
    if rivals.REPLAY.exists():
        of_one = collected(1, 1)["rows"]
        found = [collected(size, of_one) for size in COLLECTED]
        base = found[0]["first"].processor / found[0]["rows"]
        lines += [
            f"| {one['rows']:,} rows | {one['first'].requests:,} | {one['first'].processor:.1f} | {one['first'].memory:.0f}"
            f" | {one['first'].processor / one['rows'] / base:.2f} | {one['again'].requests:,} | {one['again'].processor:.1f} |"
            for one in found
        ]
    else:
        lines.append("| not measured: the recorded GitHub is not beside this checkout | | | | | | |")
    told = []
    for size in sizes:
        sys.stderr.write(f"  {size:,} rows …\n")
        told.append(measured(size))
    base = told[0]["nouns"] / told[0]["rows"]
    lines += ["", "| nouns | s | per row | MB of raw | what is prepared of an edition, s |", "| --- |" + " ---: |" * 4]
    lines += [
        f"| {one['rows']:,} rows | {one['nouns']:.1f} | {one['nouns'] / one['rows'] / base:.2f} | {one['bytes'] / 1e6:,.0f}"
        f" | {one['prepared']:.1f} |"
        for one in told
    ]
    heads = [f"{one['rows']:,} rows, s" for one in told]
    lines += ["", f"| page | {' | '.join(heads)} | times, at most {PAGES} |", "| --- |" + " ---: |" * (len(told) + 1)]
    for name in told[0]["pages"]:
        for when, words in (("first", "the first to open it"), ("again", "opened again")):
            took = [one["pages"][name][when] for one in told]
            lines.append(
                f"| {name}, {words} | {' | '.join(f'{one:.3f}' for one in took)} | {max(took) / took[0]:.2f} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(of(int(sys.argv[1]))) + "\n")
