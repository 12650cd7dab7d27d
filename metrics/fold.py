"""How the rows of one period become a point: a number, how sure it is, and how many rows it rests on."""

from typing import TYPE_CHECKING, Any

import numpy as np

from metrics import intervals, survival

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

POINT = ("slice", "starts", "ends", "value", "low", "high", "p85", "n", "of")
SPREAD = POINT[3:7]
FEWEST_FOR_P85 = 20


def points(fold: str, cells: "pd.DataFrame", lists: "Mapping[str, NDArray[Any]]", minimum: int) -> "pd.DataFrame":
    """Return a point, with the columns POINT, for each cell of a slice and a period, in the order of the cells.

    Cells have slice, starts, ends, n (rows with a value), of (all rows), value (what metrics.metric.FOLDS takes of the rows),
    total (of the values, for a share) and read (whether the source was being read, so that no rows means none). For a median,
    `lists` have the value of all cells instead, one cell after the other, and finished, for each of them, where some are still
    open.
    """
    n, of = cells["n"].to_numpy(), cells["of"].to_numpy()
    spread = np.full((len(cells), len(SPREAD)), np.nan)
    some = n > 0
    if fold == "balance":
        spread[:, 0] = cells["value"].fillna(0).groupby(cells["slice"]).cumsum()
        n = of = spread[:, 0].round().astype("int64")
    elif fold in {"count", "sum"}:
        spread[:, 0] = cells["value"].fillna(0).where((of > 0) | cells["read"])
    elif fold == "share":
        spread[:, 0] = cells["value"]
        spread[some, 1:3] = intervals.of_shares(cells["total"].to_numpy()[some], n[some]).T
    else:
        spread[some] = _of_lists(lists["value"], lists["finished"], n[some])
    spread[n < minimum] = np.nan
    return cells.assign(**dict(zip(SPREAD, spread.T, strict=True)), n=n, of=of)[list(POINT)]


def _of_lists(
    values: "NDArray[np.float64]", finished: "NDArray[np.bool_]", n: "NDArray[np.int64]"
) -> "NDArray[np.float64]":
    """Return value, low, high and p85 of each cell, whose n values come one cell after the other."""
    past = np.cumsum(n)
    first = past - n
    ordered = values.copy()
    for a, b in zip(first.tolist(), past.tolist(), strict=True):
        ordered[a:b].sort()
    rank = intervals.median_ranks(n)
    within = np.maximum(rank, 1)  # where there are too few values for an interval, any will do: it is not told
    low, high = (np.where(rank > 0, ordered[at], np.nan) for at in (first + within - 1, past - within))
    spread = np.column_stack([_quantile(ordered, first, n, 0.5), low, high, _quantile(ordered, first, n, 0.85)])
    if len(finished):
        done = np.concatenate([[0], np.cumsum(finished)])
        for cell in np.flatnonzero(done[past] - done[first] < n):
            a, b = first[cell], past[cell]
            middle, ends, late = survival.summary(values[a:b], finished[a:b])
            spread[cell] = np.array([middle, *(ends or (None, None)), late], dtype=float)
    spread[n < FEWEST_FOR_P85, 3] = np.nan
    return spread


def _quantile(
    ordered: "NDArray[np.float64]", first: "NDArray[np.int64]", n: "NDArray[np.int64]", share: float
) -> "NDArray[np.float64]":
    """Return the value that a share of each cell's sorted values stays below, between two in proportion, as quantile_cont does."""
    place = (n - 1) * share
    below = place.astype("int64")
    low, high = (ordered[first + at] for at in (below, np.minimum(below + 1, n - 1)))
    return low + (high - low) * (place - below)
