"""How many rows there are of each area and kind in what is looked at: what a filter leaves before it is chosen."""

import re

import pandas as pd

from metrics.metric import Metric

COLUMNS = ("name", "rows")


def facets(metric: Metric, points: pd.DataFrame) -> pd.DataFrame:
    """Return each slice of a sliced trend with its rows, the most first: COLUMNS.

    Rows without a value count too, as they do behind a mark. Where the metric says how things stood, they are those of the
    newest period, since the same row stands in many.
    """
    if points.empty:
        return pd.DataFrame({"name": pd.Series(dtype=object), "rows": pd.Series(dtype=int)})
    if stands(metric):
        points = points[points["starts"] == points["starts"].max()]
    counted = points.groupby("slice")["of"].sum().rename_axis("name").rename("rows").reset_index()
    return counted.sort_values(["rows", "name"], ascending=[False, True]).reset_index(drop=True)


def stands(metric: Metric) -> bool:
    """Tell if the metric says how things stood at the end of a period, so that the same row counts in many periods."""
    return metric.fold == "balance" or re.search(r"\bperiods\b", metric.sql) is not None
