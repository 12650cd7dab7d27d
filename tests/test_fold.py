"""Promises of the fold: cells told together say what each of them says by itself."""

import numpy as np
import pandas as pd
import pytest

from metrics import fold, intervals, survival

PLACE = {"slice": "all", "starts": None, "ends": None}


def cells(n, **more):
    told = {**PLACE, "n": n, "of": n, "total": np.zeros(len(n)), "read": False}
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

    points = fold.points("median", cells(n), {"value": values, "finished": np.array([])}, minimum=3)

    assert (points["n"] == n).all()
    for point, alone in zip(points.itertuples(), apart, strict=True):
        few = len(alone) < 3
        low, high = (not few and intervals.of_median(alone)) or (np.nan, np.nan)
        middle = np.nan if few else np.median(alone)
        late = np.nan if len(alone) < fold.FEWEST_FOR_P85 else np.quantile(alone, 0.85)
        assert (point.value, point.low, point.high, point.p85) == pytest.approx(
            (middle, low, high, late), nan_ok=True, rel=1e-12
        )
    assert np.array_equal(values, asked), "what came from the store is not sorted in place"


def test_only_cells_with_something_open_are_told_by_kaplan_and_meier(drawn):
    n, values, apart = drawn
    finished = np.random.default_rng(12).random(len(values)) < 0.8
    finished[: n[:100].sum()] = True  # the first cells have nothing open

    points = fold.points("median", cells(n), {"value": values, "finished": finished}, minimum=0)

    for point, alone, done in zip(points.itertuples(), apart, np.split(finished, np.cumsum(n)[:-1]), strict=True):
        middle, ends, late = survival.summary(alone, done) if len(alone) else (None, None, None)
        if done.all():
            assert point.value == pytest.approx(np.median(alone) if len(alone) else np.nan, nan_ok=True)
            continue
        told = (middle, *(ends or (None, None)), late if len(alone) >= fold.FEWEST_FOR_P85 else None)
        assert (point.value, point.low, point.high, point.p85) == pytest.approx(
            tuple(np.nan if one is None else one for one in told), nan_ok=True
        )


def test_shares_told_together_have_the_interval_of_each_and_what_is_no_share_has_none():
    total, n = np.array([0, 2, 8, 0, 2.5, 9]), np.array([8, 8, 8, 0, 8, 8])

    points = fold.points("share", cells(n, total=total, value=total / np.maximum(n, 1)), {}, minimum=1)

    for place in (0, 1, 2, 4):
        assert tuple(points.loc[place, ["low", "high"]]) == pytest.approx(intervals.jeffreys(total[place], 8))
    assert points.loc[[3, 5], ["low", "high"]].isna().all(axis=None)
    assert points["value"].isna().tolist() == [False, False, False, True, False, False]


def test_an_empty_period_is_a_nought_where_the_source_was_read_and_nothing_where_it_was_not():
    told = cells(np.array([0, 0, 3]), value=[np.nan, np.nan, 3.0], read=[True, False, False])

    assert fold.points("count", told, {}, minimum=0)["value"].tolist()[::2] == [0, 3]
    assert fold.points("count", told, {}, minimum=0)["value"].isna().tolist() == [False, True, False]
