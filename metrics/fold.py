"""How the rows of one period become a point: a number, how sure it is, and how many rows it rests on."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from metrics import intervals, survival

if TYPE_CHECKING:
    from numpy.typing import NDArray

POINT = ("slice", "starts", "ends", "value", "low", "high", "p85", "n", "of")
FEWEST_FOR_P85 = 20


def points(fold: str, cells: "pd.DataFrame", minimum: int) -> "pd.DataFrame":
    """Return a point, with the columns POINT, for each cell of a slice and a period, in the order of the cells.

    Cells have slice, starts, ends, n (rows with a value), of (all rows), total (of the values), value (what metrics.metric.FOLDS
    takes of the rows), finished (for each value of a median, where some are still open) and read (whether the source was being
    read, so that no rows means none).
    """
    value, n, of = cells["value"], cells["n"].astype("int64"), cells["of"].astype("int64")
    spread = pd.DataFrame(np.nan, index=cells.index, columns=["value", "low", "high", "p85"])
    if fold == "balance":
        value = cells["total"].fillna(0).groupby(cells["slice"]).cumsum()
        n = of = value.round().astype("int64")
        spread["value"] = value
    elif fold in {"count", "sum"}:
        spread["value"] = value.fillna(0).where((of > 0) | cells["read"])
    else:
        some = cells.index[n > 0]
        asked = (value[some], cells["finished"][some], n[some], cells["total"][some])
        told = [_spread(fold, *cell) for cell in zip(*asked, strict=True)]
        spread.loc[some] = np.array(told, dtype=float).reshape(-1, 4)
    spread = spread.where(n >= minimum)
    dated = {name: cells[name].dt.date for name in ("starts", "ends")}
    return cells[["slice"]].assign(**dated, **spread, n=n, of=of)[list(POINT)]


def _spread(fold: str, value: Any, finished: Any, n: int, total: float) -> tuple[float | None, ...]:
    """Return value, low, high and p85 of the rows of one period."""
    if fold == "share":
        return value, *(intervals.jeffreys(total, n) if 0 <= total <= n else (None, None)), None
    times = np.sort(value)
    enough = n >= FEWEST_FOR_P85
    if isinstance(finished, np.ndarray) and not finished.all():
        middle, ends, late = survival.summary(value, finished)
        return middle, *(ends or (None, None)), late if enough else None
    ends = intervals.of_median(times) or (None, None)
    return _quantile(times, 0.5), *ends, _quantile(times, 0.85) if enough else None


def _quantile(ordered: "NDArray[np.float64]", share: float) -> float:
    """Return the value that a share of sorted values stays below, between two values in proportion, as quantile_cont does."""
    place = (len(ordered) - 1) * share
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * (place - below))
