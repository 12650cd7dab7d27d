"""From one mark of a chart to another: what each part carries, so that the parts add up to the change a person sees."""

from datetime import date
from typing import TYPE_CHECKING

from metrics.contribution import By, contribution, split, ways
from metrics.metric import Areas, Metric, behind, known

if TYPE_CHECKING:
    import pandas as pd

Period = tuple[date, date]  # starts, and the day after its last
LIKE = 7  # days; both marks stand for one period each, so neither is turned into a level a week


def change(  # noqa: PLR0913  one question, asked in many ways
    metric: Metric,
    before: Period,
    after: Period,
    by: By,
    every: str = "week",
    *,
    area: Areas | None = None,
    kind: str | None = None,
) -> "pd.DataFrame":
    """Return what each part carries of the way from one mark to another, with the columns of contribution, the largest first.

    `change` adds up to the one mark minus the other, in the metric's unit; by phase, to what the mean moved. Empty where one of
    them has nothing to compare. Raises CairnError for a metric about people, whose rows nobody may see.
    """
    known(by, ways(metric), "way to split it by")
    if by == "phase":
        return contribution(metric, before, after, by, area=area, kind=kind)
    earlier, later = (behind(metric, starts, every, area=area, kind=kind) for starts, _ in (before, after))
    return split(metric, earlier, later, (LIKE, LIKE), by)
