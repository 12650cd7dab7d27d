"""How many rows there are of each area and kind in what is looked at: what a filter leaves before it is chosen."""

import re
from datetime import date

import pandas as pd

from metrics.metric import Metric

COLUMNS = ("name", "rows")


def facets(parts: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return the rows of each area or kind among some parts of a metric, the most first: COLUMNS."""
    counted = parts.groupby(by)["rows"].sum().rename_axis("name").reset_index()
    return counted.sort_values(["rows", "name"], ascending=[False, True]).reset_index(drop=True)


def in_sight(metric: Metric, points: pd.DataFrame) -> tuple[date, date]:
    """Return the days from which and up to which (excluded) rows count in some periods: points of one slice, at least one.

    Where the metric says how things stood, it is the newest period, since the same row stands in many.
    """
    return points["starts"].max() if stands(metric) else points["starts"].min(), points["ends"].max()


def stands(metric: Metric) -> bool:
    """Tell if the metric says how things stood at the end of a period, so that the same row counts in many periods."""
    return metric.fold == "balance" or re.search(r"\bperiods\b", metric.sql) is not None
