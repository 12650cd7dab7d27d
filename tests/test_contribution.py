"""Where a change comes from: the parts add up to it exactly, whatever the fold and whatever the data."""

import random
from datetime import date, timedelta
from statistics import fmean, median

import pandas as pd
import pytest

from data import CairnError
from metrics import Metric, metric, rows, trend
from metrics.contribution import COLUMNS, REST, UNREVIEWED, contribution, split, ways
from metrics.metric import FOLDS

FOLDED = ("count", "sum", "balance", "share", "median")


def anything(fold, **more):
    """Return a metric nobody reads, of one fold."""
    return Metric(
        name="anything", title="Anything", unit="things", better="steady", fold=fold, about="Anything.", caution="Nothing.",
        asks=("What is it?", "What is it not?"), sql="select", **more,
    )  # fmt: skip


def some_rows(chance, n, areas, *, ones=False):
    return pd.DataFrame(
        {
            "value": [None if chance.random() < 0.1 else chance.randrange(2) if ones else chance.lognormvariate(2, 1) for _ in range(n)],
            "area": [chance.choice([*areas, None]) for _ in range(n)],
            "kind": [chance.choice(["feature", "bug", "open"]) for _ in range(n)],
        }
    ).astype({"value": float})  # fmt: skip


def whole(fold, side, days):
    values = side["value"].dropna()
    if fold in {"share", "median"}:
        return {"share": fmean, "median": median}[fold](values)
    return (len(values) if fold == "count" else values.sum()) * 7 / days


@pytest.mark.parametrize("fold", FOLDED)
def test_the_parts_add_up_to_the_change_on_any_data(fold):
    chance = random.Random(4)
    for round_ in range(20):
        areas = [f"area {n}" for n in range(chance.randrange(1, 10))]
        days = (7 * chance.randrange(1, 40), 7 * chance.randrange(1, 12))
        sides = [
            some_rows(chance, chance.randrange(12, 80), areas[cut:], ones=fold == "share") for cut in (0, round_ % 2)
        ]
        for by in ("area", "kind"):
            parts = split(anything(fold), *sides, days, by)

            expected = whole(fold, sides[1], days[1]) - whole(fold, sides[0], days[0])
            assert parts["change"].sum() == pytest.approx(expected, abs=1e-9)
            assert parts["part"].is_unique
            if abs(expected) > 1e-9:
                assert parts["share"].sum() == pytest.approx(1, abs=1e-6)


def test_every_fold_there_is_can_be_split():
    assert set(FOLDS) == set(FOLDED)


def test_the_parts_of_a_count_are_its_levels_a_week():
    before = pd.DataFrame({"value": [1.0] * 12, "area": ["shop"] * 8 + ["pay"] * 4, "kind": "x"})
    after = pd.DataFrame({"value": [1.0] * 10, "area": ["shop"] * 2 + ["pay"] * 7 + ["new"], "kind": "x"})
    parts = split(anything("count"), before, after, (28, 14), "area").set_index("part")

    assert parts.loc["pay", ["before", "after", "change", "n_before", "n_after"]].tolist() == [1, 3.5, 2.5, 4, 7]
    assert parts.loc["shop", ["before", "after", "change"]].tolist() == [2, 1, -1]
    assert parts.loc["new", ["before", "after", "change"]].tolist() == [0, 0.5, 0.5]
    assert list(parts.index) == ["pay", "shop", "new"]
    assert parts["share"].tolist() == [1.25, -0.5, 0.25]


def test_a_share_tells_a_new_mix_from_a_new_rate():
    def side(a, b, failing_a, failing_b):
        values = [1.0] * failing_a + [0.0] * (a - failing_a) + [1.0] * failing_b + [0.0] * (b - failing_b)
        return pd.DataFrame({"value": values, "area": ["a"] * a + ["b"] * b, "kind": "x"})

    # as many fail of each part as before, there is only more of what fails often
    mixed = split(anything("share"), side(80, 20, 8, 10), side(50, 50, 5, 25), (7, 7), "area")
    assert mixed["change"].sum() == pytest.approx(0.30 - 0.18)
    assert mixed["mix"].tolist() == pytest.approx(mixed["change"].tolist())

    # as much of each part as before, one of them fails more often
    rated = split(anything("share"), side(50, 50, 5, 10), side(50, 50, 5, 30), (7, 7), "area").set_index("part")
    assert rated["mix"].tolist() == pytest.approx([0, 0])
    assert rated.loc["b", "change"] == pytest.approx(0.2)
    assert rated.loc["a", "change"] == pytest.approx(0)


def test_the_part_of_a_median_is_its_turn_in_every_order():
    before = pd.DataFrame({"value": [1.0, 2, 3, 4], "area": ["a", "a", "b", "b"], "kind": "x"})
    after = pd.DataFrame({"value": [1.0, 2, 13, 14], "area": ["a", "a", "b", "b"], "kind": "x"})
    parts = split(anything("median"), before, after, (7, 7), "area").set_index("part")

    # the median of 1 2 3 4 is 2.5, of 1 2 13 14 it is 7.5, and a's turn moves nothing whichever comes first
    assert parts["change"].to_dict() == {"b": 5, "a": 0}
    assert parts.loc["b", ["before", "after"]].tolist() == [3.5, 13.5]


def test_a_median_counts_a_long_stretch_no_more_than_a_short_one():
    slow, quick = {"area": "slow", "kind": "x"}, {"area": "quick", "kind": "x"}
    before = pd.DataFrame([{"value": 10.0, **slow}] * 20 + [{"value": 1.0, **quick}] * 30)
    after = pd.DataFrame([{"value": 10.0, **slow}] * 3 + [{"value": 1.0, **quick}] * 2)
    parts = split(anything("median"), before, after, (140, 14), "area")

    # by the week: 1 slow and 1.5 quick before, 1.5 slow and 1 quick after; either turn alone leaves a tie or more
    assert parts["change"].sum() == 9
    assert parts.set_index("part")["change"].to_dict() == {"slow": 4.5, "quick": 4.5}


def test_many_parts_of_a_median_are_told_as_six_and_the_rest():
    chance = random.Random(1)
    areas = [f"area {n}" for n in range(30)]
    parts = split(anything("median"), *(some_rows(chance, 300, areas) for _ in range(2)), (7, 7), "area")

    assert len(parts) == 7
    assert REST in set(parts["part"])


def test_rows_that_are_still_open_count_as_kaplan_and_meier_count_them():
    told = [(1, "done"), (2, "done"), (2, "done"), (4, "done"), (5, "done"), (3, "open"), (6, "open")]
    before = pd.DataFrame([{"value": float(days), "kind": kind, "area": "a"} for days, kind in told])
    after = before.assign(value=before["value"] * 2)
    parts = split(anything("median", censored="open"), before, after, (7, 7), "area")

    assert parts[["before", "after", "change"]].to_numpy().tolist() == [[4, 8, 4]]  # without the open ones it were 2


def test_while_nothing_is_open_the_median_is_the_plain_one():
    before = pd.DataFrame({"value": [1.0, 2, 4, 9], "kind": "done", "area": "a"})
    parts = split(anything("median", censored="open"), before, before.assign(value=before["value"] + 1), (7, 7), "area")

    assert parts[["before", "after", "change"]].to_numpy().tolist() == [[3, 4, 1]]


def test_more_than_half_still_open_has_no_median_to_compare():
    before = pd.DataFrame({"value": [1.0, 2, 3], "kind": ["done", "done", "open"], "area": "a"})
    after = before.assign(kind="open")

    assert split(anything("median", censored="open"), before, after, (7, 7), "area").empty


@pytest.mark.parametrize("fold", ["share", "median"])
def test_nothing_to_compare_is_empty_and_not_zero(fold):
    nothing = pd.DataFrame({"value": pd.Series(dtype=float), "area": [], "kind": []})
    found = split(anything(fold), nothing, pd.DataFrame({"value": [1.0], "area": "a", "kind": "x"}), (7, 7), "area")

    assert found.empty
    assert tuple(found.columns) == COLUMNS


def test_a_part_below_the_minimum_carries_its_change_and_shows_no_median_of_its_own():
    before = pd.DataFrame({"value": [1.0] * 9 + [5.0], "area": ["a"] * 9 + ["b"], "kind": "x"})
    parts = split(anything("median", minimum=8), before, before.assign(value=2.0), (7, 7), "area").set_index("part")

    assert parts.loc["a", ["before", "after"]].tolist() == [1, 2]
    assert parts.loc["b", ["before", "after"]].isna().all()
    assert parts["change"].sum() == 1


# On a store: the change of the fold of the rows, split from the same rows

MONDAY = date(2026, 1, 5)
SINCE = MONDAY + timedelta(weeks=10)
BEFORE, AFTER = (MONDAY, SINCE), (SINCE, SINCE + timedelta(weeks=5))


@pytest.fixture(scope="module")
def slower_in_pay(publish_nouns, tmp_path_factory):
    """Publish fifteen weeks of four pull requests each in two repositories; reviews in pay wait two days more in the last five."""
    pulls = []
    for n in range(15 * 8):
        area = ("shop", "pay")[n % 2]
        opened = pd.Timestamp("2026-01-05 09:00") + timedelta(hours=21 * n)
        later = timedelta(days=2 if area == "pay" and n >= 80 else 0)
        pulls.append(
            {
                "id": f"P{n}", "repo": f"acme/{area}", "number": n, "title": f"Change {n}", "url": f"https://a.example/{n}",
                "opened_at": opened, "ready_at": opened, "first_commit_at": opened - timedelta(hours=10 + n % 5),
                "first_review_at": None if n % 9 == 0 else opened + timedelta(hours=4) + later,
                "approved_at": None if n % 9 == 0 else opened + timedelta(hours=6) + later,
                "merged_at": opened + timedelta(hours=8) + later, "deployed_at": opened + timedelta(hours=30) + later,
                "bot": False,
            }
        )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        publish_nouns(
            patch,
            tmp_path_factory.mktemp("a"),
            'timezone = "Europe/Berlin"\n',
            complete_to="2026-04-20 00:00",
            pull_requests=pulls,
            issues=[
                {
                    "id": f"I{n}", "source": "jira", "project": ("SHOP", "PAY")[n > 45], "key": f"X-{n}", "title": "Thing", "is_bug": True,
                    "url": f"https://j.example/{n}", "type": "Bug", "priority": "High", "status_kind": "done", "components": [],
                    "created_at": pd.Timestamp("2026-01-05 12:00") + timedelta(days=n),
                    "resolved_at": pd.Timestamp("2026-01-05 12:00") + timedelta(days=n + 20 + n % 9) if n < 40 else None,
                }
                for n in range(60)
            ],
        )  # fmt: skip
        yield


@pytest.mark.parametrize("by", ["area", "kind"])
def test_the_change_of_a_median_is_that_of_its_rows(by, slower_in_pay):
    one = metric("pull_request_cycle_time")
    parts = contribution(one, BEFORE, AFTER, by)
    told = [rows(one, since=since, until=until)["value"].median() for since, until in (BEFORE, AFTER)]

    assert parts["change"].sum() == pytest.approx(told[1] - told[0], abs=1e-9)
    if by == "area":
        assert parts["part"].iloc[0] == "pay"
        assert parts["share"].iloc[0] > 0.8


@pytest.mark.parametrize("name", ["pull_request_cycle_time", "change_lead_time"])
def test_the_phases_of_pull_requests_add_up_to_the_change_of_their_mean(name, slower_in_pay):
    one = metric(name)
    parts = contribution(one, BEFORE, AFTER, "phase")
    told = [rows(one, since=since, until=until)["value"].mean() for since, until in (BEFORE, AFTER)]

    assert parts["change"].sum() == pytest.approx(told[1] - told[0], abs=1e-9)
    assert (parts["before"].sum(), parts["after"].sum()) == pytest.approx(told)
    assert parts["part"].iloc[0] == "Waiting for review"
    assert UNREVIEWED in set(parts["part"])


def test_the_parts_of_a_balance_are_its_levels_at_the_ends_of_weeks(slower_in_pay):
    one = metric("open_bugs")
    parts = contribution(one, BEFORE, AFTER, "area")
    points = trend(one)
    told = [
        points[(points["starts"] >= since) & (points["ends"] <= until)]["value"].mean()
        for since, until in (BEFORE, AFTER)
    ]

    assert parts["before"].sum() == pytest.approx(told[0], abs=1e-9)
    assert parts["change"].sum() == pytest.approx(told[1] - told[0], abs=1e-9)
    assert set(parts["part"]) == {"SHOP", "PAY"}


def test_special_weeks_are_left_out_on_both_sides(slower_in_pay):
    for name in ("bugs_opened", "open_bugs"):
        one = metric(name)
        special = {MONDAY + timedelta(weeks=2), SINCE + timedelta(weeks=1)}
        parts = contribution(one, BEFORE, AFTER, "area", without=special)
        points = trend(one).query("starts not in @special")
        told = [
            points[(points["starts"] >= since) & (points["ends"] <= until)]["value"].mean()
            for since, until in (BEFORE, AFTER)
        ]

        assert (parts["before"].sum(), parts["after"].sum()) == pytest.approx(told, abs=1e-9)


def test_one_area_can_be_split_by_kind(slower_in_pay):
    one = metric("bugs_opened")
    parts = contribution(one, BEFORE, AFTER, "kind", area="PAY")

    assert parts["part"].tolist() == ["High"]
    assert parts["n_before"].sum() == len(rows(one, since=BEFORE[0], until=BEFORE[1], area="PAY"))


def test_only_pull_requests_have_phases(slower_in_pay):
    assert ways(metric("open_bugs")) == ("area", "kind")
    with pytest.raises(CairnError, match="no way to split it by 'phase'"):
        contribution(metric("open_bugs"), BEFORE, AFTER, "phase")


def test_an_empty_store_has_no_parts(nouns):
    nouns()

    for name in ("open_bugs", "bugs_opened", "pull_request_cycle_time"):
        for by in ways(metric(name)):
            assert contribution(metric(name), BEFORE, AFTER, by).empty
