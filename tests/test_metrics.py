"""Every metric keeps these promises, whoever declares it."""

import re
from datetime import date, timedelta

import pandas as pd
import pytest

from data import CairnError, NeverCollectedError
from metrics import METRICS, Metric, behind, complete_to, metric, rows, survival, table, trend
from metrics.metric import COLUMNS, FOLDS, HEAD, STEPS
from metrics.questions import unsaid

each_metric = pytest.mark.parametrize("one", METRICS, ids=lambda one: one.name)
each_period = pytest.mark.parametrize("every", ["week", "month", "quarter"])

TIME_ZONE = 'timezone = "America/New_York"\n'
# The same events told with every fold, some of them without a value, for folds no metric uses yet.
EVERY_FOLD = tuple(
    Metric(
        name=f"{fold}_of_anything",
        title="Anything",
        unit="things",
        better="steady",
        fold=fold,
        about="Anything.",
        caution="It says nothing.",
        asks=("What is it?", "What is it not?"),
        minimum=0 if fold in {"count", "sum", "balance"} else 2,
        sql=f"""
            select
                opened_at as happened_at,
                {"1" if fold == "balance" else "if(number % 5 = 0, null, number % 2)"} as value,
                repo as area,
                base as kind,
                title as what,
                url
            from pull_requests
        """,
    )
    for fold in FOLDS
)
PUBLIC = [one for one in METRICS if not one.private]  # of the others no row is told, see test_privacy
each_fold = pytest.mark.parametrize("one", [*PUBLIC, *EVERY_FOLD], ids=lambda one: one.name)


def folded(one: Metric, found: pd.DataFrame) -> float | None:
    """Return the number a mark should carry, computed from its rows without any SQL."""
    values = found["value"].dropna()
    if len(values) < one.minimum:
        return None
    if one.fold == "count":
        return len(values)
    if one.fold in {"sum", "balance"}:
        return values.sum()
    if values.empty:
        return None
    still_open = found.loc[values.index, "kind"] == one.censored
    if one.censored and still_open.any():
        return survival.median_time(values.tolist(), (~still_open).tolist())
    return values.median() if one.fold == "median" else values.mean()


@pytest.fixture(scope="module")
def some_months():
    """Return four months of a small company, with everything in it that a metric may stumble over."""
    names = ("checkout", "search", "billing")
    day = [pd.Timestamp("2026-01-05 08:00") + timedelta(hours=13 * n) for n in range(200)]
    pulls = [
        {
            "id": f"P{n}", "repo": f"acme/{names[n % 3]}", "number": n, "title": f"Change {n}", "url": f"https://a.example/{n}",
            "base": ("main", "next")[n % 2], "opened_at": at, "bot": n % 13 == 0,
            "ready_at": at + timedelta(hours=n % 4),
            "first_commit_at": None if n % 11 == 0 else at - timedelta(hours=5 + n % 30),
            "first_review_at": None if n % 7 == 0 else at + timedelta(hours=6 + n % 9),
            "approved_at": None if n % 5 == 0 else at + timedelta(hours=20),
            "merged_at": None if n % 17 == 0 else at + timedelta(hours=24),
            "deployed_at": None if n % 6 == 0 or n % 17 == 0 else at + timedelta(hours=24 + n % 50),
            "revert_of": 1 if n % 19 == 0 else None,
        }
        for n, at in enumerate(day)
    ]  # fmt: skip
    issues = [
        {
            "id": f"I{n}", "source": "jira", "project": "SHOP", "key": f"SHOP-{n}", "title": f"Thing {n}", "is_bug": n % 3 != 0,
            "url": f"https://j.example/{n}", "type": "Bug" if n % 3 else "Task", "priority": (None, "High", "Low")[n % 3],
            "status_kind": "queue" if n % 4 == 0 else "done", "created_at": at,
            "resolved_at": None if n % 4 == 0 else at + timedelta(days=9 + n % 20),
            "resolution": "Duplicate" if n % 8 == 1 else "Done", "components": ["Cart"] if n % 2 else [],
            "cancelled": n % 8 == 1, "lead_seconds": None if n % 4 == 0 else (9 + n % 20) * 86400,
        }
        for n, at in enumerate(day)
    ]  # fmt: skip
    moves = [
        {"id": f"M{n}-{step}", "issue_id": f"I{n}", "moved_at": at + timedelta(days=days), "from_kind": before, "to_kind": after}
        for n, at in enumerate(day)
        for step, (days, before, after) in enumerate(
            {
                0: [(3, "queue", "active"), (5, "active", "done"), (12, "done", "queue")],
                1: [(9 + n % 20, "queue", "done")],
                2: [(2, "queue", "done"), (4, "done", "active"), (9 + n % 20, "active", "done")],
                3: [],
            }[n % 4]
        )
    ]  # fmt: skip
    return {
        "pull_requests": pulls,
        "issues": issues,
        "issue_moves": moves,
        "deployments": [
            {
                "id": f"D{n}", "repo": f"acme/{names[n % 3]}", "environment": ("production", "preprod")[n % 4 == 0],
                "production": n % 4 != 0, "sha": f"{n // 2:040}", "outcome": ("success", "failure")[n % 10 == 9],
                "created_at": at, "finished_at": at + timedelta(minutes=4), "url": f"https://a.example/d{n}",
            }
            for n, at in enumerate(day)
        ],
        "workflow_runs": [
            {
                "id": f"R{n}", "repo": "acme/platform", "title": f"Run {n}", "created_at": at,
                "outcome": ("success", "failure", None)[n % 3], "self_service": "New service" if n % 2 else None,
                "url": f"https://a.example/r{n}",
            }
            for n, at in enumerate(day)
        ],
    }  # fmt: skip


@pytest.fixture(scope="module")
def a_company(publish_nouns, some_months, tmp_path_factory):
    """Publish those months once for all."""
    with pytest.MonkeyPatch.context() as patch:
        publish_nouns(patch, tmp_path_factory.mktemp("a"), TIME_ZONE, complete_to="2026-04-15 03:00", **some_months)
        yield


@each_metric
def test_every_metric_says_what_it_is_and_how_it_misleads(one):
    told = (one.title, one.unit, one.about, one.caution)

    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", one.name)
    assert all(text and "!" not in text and text.isascii() for text in told)
    assert one.about.endswith(".")
    assert one.caution.endswith(".")
    assert one.needs


@each_metric
def test_every_metric_asks_about_work_and_never_about_a_person(one):
    assert len(set(one.asks)) >= 2
    for ask in one.asks:
        assert ask.endswith("?")
        assert ask.count("?") == 1
        assert len(ask.split()) <= 16
        assert not unsaid(ask, question=True), ask


def test_names_and_titles_are_unique():
    assert len({one.name for one in METRICS}) == len({one.title for one in METRICS}) == len(METRICS)


@each_fold
def test_rows_have_six_columns_and_none_for_a_person(one, a_company):
    found = rows(one)

    assert tuple(found.columns) == COLUMNS == ("happened_at", "value", "area", "kind", "what", "url")
    assert found.drop(columns=["value", "url"]).notna().all(axis=None)
    assert found["happened_at"].is_monotonic_increasing
    assert not re.search(r"\b(author|reviewer|assignee|reporter|actor|login)\b", one.sql)


@each_period
@each_fold
def test_the_number_on_a_mark_is_the_fold_of_the_rows_behind_it(one, every, a_company):
    points = trend(one, every)
    some = points.iloc[:: max(1, len(points) // 3)]

    assert len(points) >= {"week": 12, "month": 3, "quarter": 1}[every] or one in METRICS
    for point in some.itertuples():
        found = behind(one, point.starts, every)
        expected = folded(one, found)
        assert tuple(found.columns) == COLUMNS
        assert point.value == pytest.approx(expected) if expected is not None else pd.isna(point.value)
        assert point.of == (found["value"].sum() if one.fold == "balance" else len(found))
        assert point.n == (point.of if one.fold == "balance" else found["value"].notna().sum())


@each_fold
def test_the_events_of_a_trend_add_up_to_the_rows_whole_and_by_slice(one, a_company):
    whole = trend(one)
    until = max(whole["ends"], default="2026-04-13")
    found = rows(one, until=until)
    slices = {by: trend(one, by=by) for by in ("area", "kind")}

    if one.fold == "balance":
        assert whole["of"].tail(1).sum() == found["value"].sum()
    else:
        assert whole["of"].sum() == len(found)
        assert whole["n"].sum() == found["value"].notna().sum()
    for by, sliced in slices.items():
        if whole.empty:
            continue  # a metric of things this company has not
        assert set(sliced["slice"]) == set(rows(one)[by])
        assert sliced.groupby("starts")[["n", "of"]].sum().to_numpy().tolist() == whole[["n", "of"]].to_numpy().tolist()
        name = sliced["slice"].iloc[-1]
        same = trend(one, **{by: name}).drop(columns="slice")
        assert sliced[sliced["slice"] == name].drop(columns="slice").reset_index(drop=True).equals(same)


def test_those_months_say_something_about_the_metrics(a_company):
    assert sum(trend(one)["value"].notna().sum() > 3 for one in METRICS) >= 10
    assert sum(trend(one, "month")["value"].notna().all() for one in METRICS) >= 14


def test_an_empty_store_gives_an_empty_trend_and_no_error(nouns):
    nouns()

    for one in METRICS:
        every = [trend(one, step) for step in STEPS]
        for points in (*every, trend(one, by="area", since="2026-01-01", area="shop")):
            assert points.empty, one.name
            assert list(points.columns) == ["slice", "starts", "ends", "value", "low", "high", "p85", "n", "of"]
        if one.private:
            continue
        assert rows(one).empty, one.name
        assert behind(one, date(2026, 3, 2)).empty, one.name


def test_a_store_that_was_never_complete_has_rows_but_no_points(some_months, nouns):
    nouns(complete_to=None, **some_months)

    for one in METRICS:
        assert complete_to(one) is None, one.name
        assert trend(one).empty, one.name
    assert sum(len(rows(one)) for one in PUBLIC) > 500


def test_nothing_collected_is_said_in_words(nouns):
    with pytest.raises(NeverCollectedError, match="Nothing has been collected yet"):
        trend(METRICS[0])


def test_a_misspelt_metric_period_slice_or_day_is_answered_in_words(nouns):
    nouns()

    with pytest.raises(CairnError, match="Did you mean 'open_bugs'"):
        metric("open_bug")
    with pytest.raises(CairnError, match=r"no metric 'x'\. Known: '\w+', "):
        metric("x")
    with pytest.raises(CairnError, match="Did you mean 'week'"):
        trend(METRICS[0], "weak")
    with pytest.raises(CairnError, match="Known: 'area', 'kind'"):
        trend(METRICS[0], by="person")
    with pytest.raises(CairnError, match="'yesterday' is not a day"):
        trend(METRICS[0], since="yesterday")
    with pytest.raises(CairnError, match="'2026-02-30' is not a day"):
        behind(METRICS[0], "2026-02-30")
    with pytest.raises(CairnError, match="no period"):
        behind(METRICS[0], "2026-03-02", "'; drop table issues; --")


def test_a_value_from_outside_is_never_read_as_sql(a_company):
    for nasty in ("' or true --", "x'; drop table issues; --", "$zone", "{every}"):
        assert rows(METRICS[0], area=nasty).empty
        assert not trend(METRICS[0], kind=nasty)["value"].any()


def test_the_readme_has_a_row_for_every_metric():
    lines = list(table())

    assert [line.count("|") for line in lines] == [5] * (len(METRICS) + 2)
    assert [line.split("`")[1] for line in lines[2:]] == [one.name for one in METRICS]


def test_no_metric_hides_a_name_of_the_question_around_it():
    taken = set(re.findall(r"^(\w+) as \($", HEAD, re.MULTILINE)) - {"periods"}

    assert not [one.name for one in METRICS for name in taken if re.search(rf"\b(from|join|with) {name}\b", one.sql)]
