"""A number is the fold of its rows, whichever way it is asked for: every metric, filtered, sliced and cut at random."""

import math
import random
from collections import defaultdict
from datetime import date, timedelta
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pandas as pd
import pytest

from metrics import METRICS, behind, rows, survival, trend

ZONE = "Europe/Berlin"
ALIAS = {"week": "W", "month": "M", "quarter": "Q"}
COMPLETE, BEGUN, EACH = "2026-04-15 03:00", pd.Timestamp("2025-10-01 08:00"), timedelta(hours=17)
MANY = 270  # rows of each noun
KEPT = {"about", "sources", "syncs", "rule_matches", "workdays", "days_off", "special_days", "workflows"}
WORDS = {
    "repo": ("acme/checkout", "acme/search", "acme/billing"),
    "project": ("SHOP", "PAY"),
    "kind": ("queue", "active", "wait", "done"),
    "outcome": ("success", "success", "failure", "timed_out", None),
    "environment": ("production", "preprod"),
    "workflow": ("New service", "Access"),
    "self_service": ("New service", "Access", None),
    "work": ("goal", "keep", "bug", None),
    "area": ("Cart", "Pay", "checkout", None),
    "who": tuple(f"somebody {n}" for n in range(14)),
}
LISTS = (["Cart"], ["Pay", "Cart"], [])
NEVER = date.max  # where a row tells no moment: no mark counts it
ALL = "*"
PUBLIC = [one for one in METRICS if not one.private]  # what is private has no rows to compare with, see test_privacy


def invented(chance: random.Random, column: str, sort: str, n: int, at: pd.Timestamp) -> Any:
    """Return something for a column: rows of the same number in other nouns are about the same thing."""
    name = {"from_kind": "kind", "to_kind": "kind", "status_kind": "kind"}.get(column, column)
    if name in {"author", "reviewer", "user_hash"}:
        name = "who"
    if column in {"id", "sha", "merge_sha"} or column.endswith("_id"):
        return n
    if sort in {"VARCHAR", "VARCHAR[]"}:
        return chance.choice(
            LISTS if sort.endswith("[]") else WORDS.get(name, (f"{column} a", f"{column} b", f"{column} c", None))
        )
    if sort == "BOOLEAN":
        return chance.random() < (0.9 if column in {"production", "on_default_branch"} else 0.4)
    if sort == "DATE":
        return at.date().replace(day=1)
    moments = sort.startswith("TIMESTAMP")
    return chance.choice((at, at, at, at, at, at, None) if moments else (0, 1, 1, 2, 3, 8, 40, None))


def fill(connection: duckdb.DuckDBPyConnection) -> None:
    """Give every noun rows that are made up but come after each other as in life, with gaps everywhere."""
    chance = random.Random(4)
    tables = connection.execute("select table_name from information_schema.tables order by 1").fetchall()
    for (table,) in tables:
        if table in KEPT:
            continue
        shape = [(name, sort) for name, sort, *_ in connection.execute(f"describe {table}").fetchall()]
        part = any(name.endswith("_id") for name, _ in shape)  # of something else: later than that, and several of them
        told = []
        for n in range(MANY * (1 + part)):
            about = n % MANY
            at, row = BEGUN + about * EACH + timedelta(hours=part * 40 + n // MANY * 30), {}
            for name, sort in shape:
                at += timedelta(hours=chance.choice((1, 2, 7, 20))) * sort.startswith("TIMESTAMP")
                row[name] = invented(chance, name, sort, about, at)
            told.append(row)
        for row in told:
            names = ", ".join(f'"{name}"' for name in row)
            connection.execute(
                f"insert into {table} ({names}) values ({', '.join('?' * len(row))})", list(row.values())
            )


@pytest.fixture(scope="module")
def a_company(publish_nouns, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        made = publish_nouns(patch, tmp_path_factory.mktemp("a"), f'timezone = "{ZONE}"\n', complete_to=COMPLETE)
        with duckdb.connect(str(made.path)) as connection:
            connection.execute("begin")
            fill(connection)
            connection.execute(
                "insert into sources (source, kind, stream, scope, complete_to) values ('files', 'usage', 'all', 'all', $at)",
                {"at": COMPLETE},
            )
            connection.execute("commit")
        yield


class Row(NamedTuple):
    """What a mark is made of: the day its period starts, where it is drawn, and what it adds."""

    starts: date
    area: str
    kind: str
    value: float


def told_by(one, every) -> list[Row]:
    """Return all rows of a metric, their periods found by pandas and not by DuckDB."""
    return as_told(rows(one, every=every), every)


def as_told(found: pd.DataFrame, every: str) -> list[Row]:
    local = found["happened_at"].dt.tz_localize("UTC").dt.tz_convert(ZONE).dt.tz_localize(None)
    starts = local.dt.to_period(ALIAS[every]).dt.start_time.dt.date.where(local.notna(), NEVER)
    return [*map(Row, starts, found["area"], found["kind"], found["value"].astype(float))]


def folded(one, found: list[Row], *, read: bool) -> tuple[float, float, int, int]:
    """Return value, p85, n and of that a point of these rows has to have; nan for what is not told."""
    known = [row for row in found if not math.isnan(row.value)]
    values, n, of, most = np.array([row.value for row in known]), len(known), len(found), math.nan
    if one.fold == "balance":
        value, n, of = values.sum(), round(values.sum()), round(values.sum())
    elif one.fold in {"count", "sum"}:
        value = (n if one.fold == "count" else values.sum()) if read or of else math.nan
    elif n == 0:
        value = math.nan
    elif one.fold == "share":
        value = values.mean()
    elif one.censored in {row.kind for row in known}:
        finished = np.array([row.kind != one.censored for row in known])
        halves = [survival.median_time(values, finished, share) for share in (0.5, 0.85)]
        value, most = (math.nan if half is None else half for half in halves)
    else:
        value, most = np.quantile(values, [0.5, 0.85])
    enough = n >= one.minimum
    return (value if enough else math.nan), (most if enough and n >= 20 else math.nan), n, of


def slice_of(row: Row, by: str | None) -> str:
    return getattr(row, by) if by else ""


def close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9) or (math.isnan(one) and math.isnan(other))


def test_in_10_000_combinations_of_filters_the_number_is_the_fold_of_its_rows_whole_and_by_slice(a_company):
    """A combination is a metric, a step, an area and a kind or none of them, and one mark: a slice in one period.

    Each metric is asked for whole, by area, by kind and with filters drawn at random, and every mark of the answers is compared.
    """
    chance = random.Random(10_000)
    compared = with_value = 0
    for one in PUBLIC:
        every = chance.choice(sorted(ALIAS))
        everything = told_by(one, every)
        first = min(row.starts for row in everything) if everything else None
        areas, kinds = ([None, *sorted({getattr(row, name) for row in everything})] for name in ("area", "kind"))
        wide = [(None, None, "area"), (None, None, "kind")]
        for area, kind, by in [
            *wide,
            (chance.choice(areas), chance.choice(kinds), chance.choice((None, "area", "kind"))),
        ]:
            here = [row for row in everything if area in {None, row.area}]
            chosen = [row for row in here if kind in {None, row.kind}]
            points = trend(one, every, area=area, kind=kind, by=by)
            asked = (one.name, every, area, kind, by)
            if points.empty:
                assert not chosen or first >= date(2026, 4, 1), asked
                continue
            marks = defaultdict[tuple[str, date], list[Row]](list)
            for row in chosen:
                marks[slice_of(row, by), row.starts].append(row)
            begun = defaultdict[str, date](lambda: NEVER)  # where reading began: of an area, or of all
            for row in here:
                for where in (row.area, ALL):
                    begun[where] = min(row.starts, begun[where])
            if by:
                assert set(points["slice"]) == {part for part, _ in marks}, asked
            assert points["starts"].min() == first, asked
            for point in points.itertuples():
                part = point.slice if by else ""
                mine = marks[part, point.starts]
                if one.fold == "balance":
                    mine = [
                        row for at, some in marks.items() if at[0] == part and at[1] <= point.starts for row in some
                    ]
                read = point.starts >= begun[part if by == "area" else ALL]
                value, most, n, of = folded(one, mine, read=read)
                assert close(point.value, value), (*asked, point)
                assert close(point.p85, most), (*asked, point)
                assert (point.n, point.of) == (n, of), (*asked, point)
                assert not point.low > point.value, (*asked, point)
                assert not point.value > point.high, (*asked, point)
                compared += 1
                with_value += not math.isnan(point.value)

    assert compared >= 10_000
    assert with_value >= 3_000


def test_since_and_until_cut_and_change_no_number(a_company):
    chance = random.Random(60)
    for _ in range(60):
        one, every, by = chance.choice(PUBLIC), chance.choice(sorted(ALIAS)), chance.choice((None, "area", "kind"))
        since, until = (date(2025, 10, 1) + timedelta(days=chance.randrange(200)) for _ in range(2))
        whole = trend(one, every, by=by)
        inside = (whole["starts"] >= since) & (whole["ends"] <= until)

        pd.testing.assert_frame_equal(
            trend(one, every, by=by, since=since, until=until), whole[inside].reset_index(drop=True), check_dtype=False
        )


def test_the_rows_behind_a_mark_are_those_it_counts_and_fold_to_it(a_company):
    chance = random.Random(80)
    for one in chance.sample(PUBLIC, min(40, len(PUBLIC))):
        every = chance.choice(sorted(ALIAS))
        points = trend(one, every, by="area").dropna(subset="value")
        for point in points.sample(min(2, len(points)), random_state=1).itertuples():
            found = behind(one, point.starts, every, area=point.slice)
            of = round(found["value"].sum()) if one.fold == "balance" else len(found)
            assert of == point.of, (one.name, every, point)
            assert close(folded(one, as_told(found, every), read=True)[0], point.value), (one.name, every, point)


def test_periods_touch_and_end_before_what_was_not_read(a_company):
    for one in PUBLIC[::4]:
        points = trend(one)
        assert list(points["ends"])[:-1] == list(points["starts"])[1:], one.name
        assert points.empty or points["ends"].max() <= date(2026, 4, 15), one.name


def test_the_made_up_company_has_something_for_nearly_every_metric(a_company):
    assert sum(len(rows(one)) > 20 for one in PUBLIC) >= 0.8 * len(PUBLIC)
