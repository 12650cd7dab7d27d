"""How rows become a number: medians, shares, open items, and what is said where there is nothing to fold."""

import math
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from data import query
from metrics import METRICS, Metric, behind, incomplete, intervals, metric, missing, survival, trend
from metrics.fold import FEWEST_FOR_P85, points
from metrics.metric import streams

WEEK = "2026-03-02"
QUIET = {  # a source of which everything was read
    "source": "github.com", "kind": "github", "scope": "acme/checkout", "complete_to": "2026-06-01", "items": 3,
    "incomplete": 0, "gone": 0, "set_aside": 0, "expected": None, "error": None,
}  # fmt: skip


def made(fold: Any, rows: list[tuple], **more: Any) -> Metric:
    """Return a metric of exactly these rows: day, value, and where it matters kind and area."""
    told = [(at, value, *(rest or ("any",))) for at, value, *rest in rows]
    told = [(*row, "shop") if len(row) == 3 else row for row in told]
    values = ", ".join(
        f"(timestamp '{at}', {'null' if value is None else value}::double, '{kind}', '{area}')"
        for at, value, kind, area in told
    )
    return Metric(
        name="anything", title="Anything", unit="days", better="steady", fold=fold, about="Anything.", caution="Nothing.", asks=(),
        sql=f"select moment as happened_at, value, area, kind, 'row' as what, null as url from (values {values}) t(moment, value, kind, area)",
        **more,
    )  # fmt: skip


def point(one: Metric, starts: str = WEEK, **asked):
    points = trend(one, **asked)
    return next(points[points["starts"] == date.fromisoformat(starts)].itertuples())


def in_a_week(values, *rest) -> list[tuple]:
    return [(f"2026-03-03 {n % 24:02}:{n // 24:02}", value, *rest) for n, value in enumerate(values)]


def sources(made, *rows):
    """Replace what an edition says of how far its sources have been read."""
    with duckdb.connect(str(made.path)) as connection:
        connection.execute("delete from sources")
        for row in rows:
            told = QUIET | row
            names = ", ".join(told)
            connection.execute(f"insert into sources ({names}) values ({', '.join('$' + name for name in told)})", told)


# Medians

SKEWED = [4, 5, 6, 6, 7, 8, 9, 10, 12, 120]


def test_the_median_of_an_even_number_of_rows_lies_between_the_middle_two_and_not_on_the_lower(nouns):
    nouns()

    assert point(made("median", in_a_week(SKEWED))).value == 7.5
    assert point(made("median", in_a_week([1, 2]))).value == 1.5
    assert point(made("median", in_a_week([3]))).value == 3


def test_the_85_of_100_are_told_from_20_rows_on_as_duckdb_tells_them(nouns):
    nouns()
    values = [*SKEWED, *SKEWED]
    exact = query(
        f"select quantile_cont(v, 0.5) as half, quantile_cont(v, 0.85) as most from (select unnest({values}) as v)"
    )

    found = point(made("median", in_a_week(values)))
    assert (found.value, found.p85) == (exact["half"][0], pytest.approx(exact["most"][0]))
    assert math.isnan(point(made("median", in_a_week(values[:19]))).p85)
    assert math.isnan(point(made("count", in_a_week(values))).p85)


def test_a_median_carries_the_interval_between_two_of_its_rows_and_none_with_fewer_than_five(nouns):
    nouns()
    eight = point(made("median", in_a_week([8, 7, 6, 5, 4, 3, 2, 1])))

    assert (eight.low, eight.high) == (2, 7)  # fewer than two of eight heads: 9 in 256, and 37 with one more
    assert math.isnan(point(made("median", in_a_week([1, 2, 3, 4]))).low)


def test_below_its_minimum_a_metric_tells_no_number_and_no_interval_but_how_many_rows(nouns):
    nouns()
    found = point(made("median", in_a_week([1, 2, 3, 4, 5, 6, None]), minimum=8))

    assert math.isnan(found.value)
    assert math.isnan(found.low)
    assert (found.n, found.of) == (6, 7)


# Shares


def test_two_of_eight_are_a_quarter_with_8_to_54_per_cent_around_it(nouns):
    nouns()
    found = point(made("share", in_a_week([1, 1, 0, 0, 0, 0, 0, 0, None])))

    assert (found.value, found.n, found.of) == (0.25, 8, 9)
    assert (round(found.low, 3), round(found.high, 3)) == (0.076, 0.538)


def test_a_count_carries_no_interval(nouns):
    nouns()
    found = point(made("count", in_a_week([1, 1])))

    assert math.isnan(found.low)
    assert math.isnan(found.high)


# What is still open

DONE, OPEN = in_a_week([1, 2, 2, 4, 5], "done"), in_a_week([3, 6], "open")


def test_what_is_still_open_counts_with_its_age_and_is_never_dropped(nouns):
    nouns()
    found = point(made("median", [*DONE, *OPEN], censored="open"))

    assert found.value == 4  # of those that are done alone it would be 2
    assert (found.n, found.of) == (7, 7)
    assert found.low <= found.value
    assert point(made("median", [*DONE, *OPEN], censored="open"), kind="done").value == 2


def test_with_more_than_half_open_there_is_no_median_and_with_none_open_the_plain_one(nouns):
    nouns()
    waiting = made("median", [*in_a_week([1, 2], "done"), *in_a_week([3, 4, 5], "open")], censored="open")
    nothing_open = point(made("median", in_a_week(SKEWED, "done"), censored="open"))

    assert math.isnan(point(waiting).value)
    assert point(waiting).n == 5
    assert nothing_open.value == 7.5
    assert nothing_open.low == point(made("median", in_a_week(SKEWED))).low


# Nothing there

APART = [("2026-01-07", 1), ("2026-03-04", 1)]


def test_an_empty_month_is_empty_and_not_zero(nouns):
    nouns()

    for fold in ("median", "share"):
        february = point(made(fold, APART), "2026-02-01", every="month")
        assert math.isnan(february.value), fold
        assert (february.n, february.of) == (0, 0)


def test_an_empty_month_of_a_count_is_zero_because_it_was_being_read_then(nouns):
    nouns()

    for fold in ("count", "sum"):
        assert trend(made(fold, APART), "month")["value"].tolist() == [1, 0, 1, 0, 0], fold


def test_a_count_is_not_zero_before_the_first_event_of_its_area(nouns):
    nouns()
    one = made("count", [("2026-01-07", 1, "any", "old"), ("2026-03-04", 1, "any", "new")])
    new = trend(one, "month", area="new")

    assert [None if math.isnan(value) else value for value in new["value"]] == [None, None, 1, 0, 0]
    sliced = trend(one, "month", by="area")
    assert sliced[sliced["slice"] == "new"]["value"].tolist()[2:] == [1, 0, 0]
    assert sliced[sliced["slice"] == "new"]["value"].isna().tolist() == [True, True, False, False, False]
    assert trend(one, "month", kind="none of these")["value"].tolist() == [0, 0, 0, 0, 0]


def test_a_count_is_not_zero_once_reading_its_source_has_stopped(nouns):
    edition = nouns()
    shop = {
        "stream": "github_deployments",
        "scope": "acme/shop",
        "complete_to": "2026-03-31 12:00",
        "error": "Not allowed.",
    }
    pay = {"stream": "github_deployments", "scope": "acme/pay", "complete_to": "2026-06-01"}
    sources(edition, shop, pay, {"stream": "github_runs", "complete_to": None})
    one = made(
        "count", [("2026-01-07", 1, "any", "shop"), ("2026-01-07", 1, "any", "pay"), ("2026-05-04", 1, "any", "pay")],
        streams=("github_deployments",),
    )  # fmt: skip

    def told(**asked):
        return [None if math.isnan(value) else value for value in trend(one, "month", **asked)["value"]]

    assert told(area="pay") == [1, 0, 0, 0, 1]
    assert told(area="shop") == [1, 0, None, None, None]  # March was not read to its end
    assert told() == [2, 0, None, None, 1]
    assert told(by="area") == [1, 0, 0, 0, 1, 1, 0, None, None, None]


def test_nothing_is_told_of_a_period_that_is_not_over_or_not_read(nouns):
    nouns(complete_to="2026-03-20 10:00")

    assert trend(made("count", [*APART, ("2026-03-19", 1)]), "month")["starts"].tolist() == [
        date(2026, 1, 1),
        date(2026, 2, 1),
    ]
    assert trend(made("count", [("2026-03-19", 1)])).empty


# Weeks and zones


@pytest.mark.parametrize(
    "zone", ["Europe/London", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu"]
)
def test_every_quarter_of_an_hour_of_a_year_falls_into_the_week_and_month_of_the_calendar_there(zone, nouns):
    nouns(f'timezone = "{zone}"\n', complete_to="2018-12-20")
    every_quarter = (
        "select unnest(generate_series(timestamp '2017-12-27', timestamp '2018-12-19', interval 15 minute)) as moment"
    )
    one = made("count", [(WEEK, 1)])
    one = Metric(
        **{
            **vars(one),
            "sql": f"select moment as happened_at, 1 as value, 'a' as area, 'k' as kind, '' as what, '' as url from ({every_quarter})",
        }
    )
    moments = pd.Series(
        pd.date_range("2017-12-27", "2018-12-19", freq="15min", tz="UTC").tz_convert(zone).tz_localize(None)
    )

    for every, alias in (("week", "W"), ("month", "M")):
        expected = moments.dt.to_period(alias).value_counts()
        points = trend(one, every)
        assert points["of"].tolist() == [expected[pd.Period(day, alias)] for day in points["starts"]]
        a_change = max(points.itertuples(), key=lambda point: abs(point.of - points["of"].median()))
        assert len(behind(one, a_change.starts, every)) == a_change.of


# What is missing


def test_a_metric_whose_source_is_not_configured_says_which_and_what_to_do(nouns, monkeypatch, tmp_path):
    nouns()
    (tmp_path / "team.toml").write_text('[github]\nrepositories = ["acme/checkout"]\n', encoding="utf-8")
    only_jira = made("count", APART, needs=("jira",))

    assert missing(only_jira) == (
        "Anything needs Jira, and there is none here. Name a site and its projects under [jira] in team.toml,"
        " set JIRA_EMAIL and JIRA_TOKEN, then run 'python -m collectors sync'."
    )
    assert "Drop CSV or Parquet files" in str(missing(made("count", APART, needs=("usage",))))


def test_a_metric_whose_source_was_never_read_to_its_end_says_so(nouns):
    nouns(complete_to=None)

    assert missing(made("count", APART)) == (
        "Anything needs GitHub, not read to the end yet. Run 'python -m collectors sync': it goes on where it stopped."
    )


def test_a_metric_of_two_sources_waits_for_the_one_that_nobody_has_read_yet(nouns):
    edition = nouns()
    sources(edition, {"stream": "github_issues"})

    assert missing(metric("bugs_opened")) == "Bugs opened needs Jira, not read yet. Run 'python -m collectors sync'."


def test_a_metric_whose_stream_the_token_may_not_read_says_what_the_service_said(nouns):
    edition = nouns()
    said = "GitHub does not let this token read deployments (403). Give it the permission Deployments: read."
    sources(
        edition,
        {"stream": "github_pull_requests"},
        {"stream": "github_deployments", "complete_to": None, "items": 0, "error": said},
    )

    for name in ("deployment_frequency", "change_lead_time"):
        assert missing(metric(name)) == f"{metric(name).title} needs deployments, which cannot be read. {said}"
    assert missing(metric("pickup_time")) is None
    assert incomplete(metric("pickup_time")) is None


@pytest.mark.parametrize(
    ("lack", "words"),
    [
        ({"complete_to": None}, "pull requests of acme/pay (not read to the end yet)"),
        ({"complete_to": "2026-05-03"}, "pull requests of acme/pay (read to 3 May 2026)"),
        ({"expected": 5_000}, "pull requests of acme/pay (3 of 5,000 read)"),
        ({"set_aside": 2}, "pull requests of acme/pay (2 set aside)"),
        ({"incomplete": 1}, "pull requests of acme/pay (1 without all their parts)"),
        ({"error": "GitHub was not there. Try later."}, "pull requests of acme/pay (GitHub was not there)"),
    ],
)
def test_a_number_whose_source_is_incomplete_says_so(lack, words, nouns):
    edition = nouns()
    sources(
        edition,
        {"stream": "github_pull_requests"},
        {"stream": "github_pull_requests", "scope": "acme/pay", **lack},
        {"stream": "github_releases", "error": "Something else."},
    )

    assert incomplete(metric("pickup_time")) == (
        f"This number lacks something: {words}. Run 'python -m collectors sync'; Health says more."
    )


def test_of_many_gaps_three_are_named(nouns):
    edition = nouns()
    sources(
        edition,
        {"stream": "github_pull_requests"},
        *({"stream": "github_pull_requests", "scope": f"acme/s{n}", "expected": 9} for n in range(5)),
    )

    assert "acme/s2 (3 of 9 read) and 2 more." in str(incomplete(metric("pickup_time")))


def test_what_was_read_to_its_end_lacks_nothing(nouns):
    nouns()

    assert [one.name for one in METRICS if one.needs != ("usage",) and (missing(one) or incomplete(one))] == []


def test_a_metric_depends_on_the_streams_it_names_or_those_of_its_nouns():
    one = made("count", APART)

    assert streams(one) == []
    assert streams(Metric(**{**vars(one), "sql": "select * from issues join issue_moves on true"})) == [
        "github_issues",
        "jira_issues",
    ]
    assert streams(Metric(**{**vars(one), "streams": ("github_runs",)})) == ["github_runs"]


# Many cells at once


def cells(n, **more):
    told = {"slice": "all", "starts": None, "ends": None, "n": n, "of": n, "total": np.zeros(len(n)), "read": False}
    return pd.DataFrame(told | more, index=range(len(n)))


@pytest.fixture
def drawn():
    """Cells of none, few and many rows, with the values of all of them one after the other."""
    chance = np.random.default_rng(11)
    n = np.concatenate([[0, 1, 4, 5, 19, 20, 0], chance.integers(0, 60, 200), [2_500, 0]])
    values = np.round(chance.lognormal(1, 1, n.sum()), 1)
    return n, values, np.split(values, np.cumsum(n)[:-1])


def test_medians_told_together_are_those_of_each_cell(drawn):
    n, values, apart = drawn
    asked = values.copy()

    told = points("median", cells(n), {"value": values, "finished": np.array([])}, minimum=3)

    assert (told["n"] == n).all()
    for point, alone in zip(told.itertuples(), apart, strict=True):
        few = len(alone) < 3
        low, high = (not few and intervals.of_median(alone)) or (np.nan, np.nan)
        middle = np.nan if few else np.median(alone)
        late = np.nan if len(alone) < FEWEST_FOR_P85 else np.quantile(alone, 0.85)
        assert (point.value, point.low, point.high, point.p85) == pytest.approx(
            (middle, low, high, late), nan_ok=True, rel=1e-12
        )
    assert np.array_equal(values, asked), "what came from the store is not sorted in place"


def test_only_cells_with_something_open_are_told_by_kaplan_and_meier(drawn):
    n, values, apart = drawn
    finished = np.random.default_rng(12).random(len(values)) < 0.8
    finished[: n[:100].sum()] = True  # the first cells have nothing open

    told = points("median", cells(n), {"value": values, "finished": finished}, minimum=0)

    for point, alone, done in zip(told.itertuples(), apart, np.split(finished, np.cumsum(n)[:-1]), strict=True):
        middle, ends, late = survival.summary(alone, done) if len(alone) else (None, None, None)
        if done.all():
            assert point.value == pytest.approx(np.median(alone) if len(alone) else np.nan, nan_ok=True)
            continue
        each = (middle, *(ends or (None, None)), late if len(alone) >= FEWEST_FOR_P85 else None)
        assert (point.value, point.low, point.high, point.p85) == pytest.approx(
            tuple(np.nan if one is None else one for one in each), nan_ok=True
        )


def test_shares_told_together_have_the_interval_of_each_and_what_is_no_share_has_none():
    total, n = np.array([0, 2, 8, 0, 2.5, 9]), np.array([8, 8, 8, 0, 8, 8])

    told = points("share", cells(n, total=total, value=total / np.maximum(n, 1)), {}, minimum=1)

    for place in (0, 1, 2, 4):
        assert tuple(told.loc[place, ["low", "high"]]) == pytest.approx(intervals.jeffreys(total[place], 8))
    assert told.loc[[3, 5], ["low", "high"]].isna().all(axis=None)
    assert told["value"].isna().tolist() == [False, False, False, True, False, False]
