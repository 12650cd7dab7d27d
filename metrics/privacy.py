"""The one gate for numbers about people in a crowd: nothing is told of fewer than five, nor what would give them away.

Published are, month by month, the whole and some areas, and quarters. Months share no row, and so do areas; what can be
worked out from published cells is therefore, for some months, the whole less some of the areas shown. Two rules keep that
from ever being about one to four people: each cell shown has five or more, and so do all rows of a month whose area is not
shown, taken together. A quarter is shown where each of its months is: then it is their sum and gives nothing more away.
Weeks, which do not add up to months, and slices by kind, which would cut areas into smaller groups, are not told at all.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from data import CairnError

if TYPE_CHECKING:
    import pandas as pd

K = 5  # people
WHY = "It is about people in a crowd: told by month and quarter, and only of five people or more."

People = Mapping[tuple[date, str], Collection[object]]  # those behind each month and area


def publishable(groups: Mapping[str, int | Collection[object]], k: int = K) -> set[str]:
    """Return the groups of a partition that may be shown: k or more people each, and k or more in all others together.

    Groups are told as people, who may be in several, or as numbers of people, who are then in one each. Where the hidden
    ones together are fewer than k, the next smallest is hidden too (of equals the first by name). An empty group hides nothing.
    """
    people = {
        name: {(name, n) for n in range(told)} if isinstance(told, int) else set(told) for name, told in groups.items()
    }
    there = sorted((name for name in people if people[name]), key=lambda name: (len(people[name]), name))
    shown = [name for name in there if len(people[name]) >= k]
    while shown and 0 < len(set().union(*(people[name] for name in there if name not in shown))) < k:
        del shown[0]
    return set(shown)


def refuse_cuts(title: str, kind: str | None, by: str | None, area: str | tuple[str, ...] | None = None) -> None:
    """Raise CairnError for a cut that could make groups small: only the whole and areas are told."""
    if isinstance(area, tuple):
        raise CairnError(
            f"{title} is about people in a crowd: it is told as a whole or of one area, never of some together.\n"
            "Groups that overlap could give away whoever is in one of them alone. Name one area, or none."
        )
    if kind is not None or by == "kind":
        raise CairnError(
            f"{title} is about people in a crowd: it is told as a whole or by area, never by kind.\n"
            f"Smaller groups could fall below {K} people, or give them away by what is left. Leave the kind out."
        )


def withhold(points: "pd.DataFrame", people: People, *, fits: bool, area: str | None, by_area: bool) -> "pd.DataFrame":
    """Return the points of a private metric with all that must not be told made null, its n and of 0.

    `people` are those behind each month and area, however the points are cut. `fits` says that the periods are months, or
    quarters whose rows are those of their months. `area` is the one that all points are of, None for the whole.
    """
    months = {starts for starts, _ in people}
    whole = {starts for starts in months if len(set().union(*_of(people, starts).values())) >= K}
    areas = {(starts, name) for starts in whole for name in publishable(_of(people, starts))}

    def told(month: date, name: str | None) -> bool:
        if name is None:
            return month in whole
        return (month, name) in areas or (month, name) not in people

    def may(starts: date, ends: date, name: str | None) -> bool:
        return all(told(month, name) for month in months if starts <= month < ends)

    names = points["slice"] if by_area else [area] * len(points)
    shown = [fits and may(*cell) for cell in zip(points["starts"], points["ends"], names, strict=True)]
    hidden = ~np.array(shown, dtype=bool)
    spread = points[["value", "low", "high", "p85"]].mask(hidden[:, None].repeat(4, axis=1))
    counted = points[["n", "of"]].mask(hidden[:, None].repeat(2, axis=1), 0).astype("int64")
    return points.assign(**spread, **counted)


def _of(people: People, starts: date) -> dict[str, Collection[object]]:
    return {name: those for (month, name), those in people.items() if month == starts}
