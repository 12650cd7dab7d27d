"""What a chart says of its own time: what people wrote down about it, and what happened by itself. Never a person.

Near is not because: these are marks to remember by, gathered by the chart's periods.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from data import asking
from metrics.near import happened
from metrics.words import amount, day, series

if TYPE_CHECKING:
    from data.entry import Entry

WRITTEN = ("note", "decision", "experiment")  # what people write; all else happens by itself
DRAWN = (*WRITTEN, "release", "incident", "holiday", "special")
NAMES = {"special": "special time"}


@dataclass(frozen=True)
class Noted:
    """One thing to remember about some days. `until` is the last of them; `entry` is its id in the journal, if it has one.

    `what` and `url` come from outside or were typed: they are shown as plain text.
    """

    since: date
    until: date
    kind: str
    what: str
    area: str | None = None
    url: str | None = None
    entry: str = ""


@dataclass(frozen=True)
class Mark:
    """What was noted in one period, of one sort: written by people or happened by itself. `until` is its last period's start."""

    starts: date
    until: date
    told: tuple[Noted, ...]

    @property
    def kind(self) -> str:
        """Return the kind all of it is of, `several` where it differs."""
        kinds = {one.kind for one in self.told}
        return kinds.pop() if len(kinds) == 1 else "several"


def written(entries: Iterable["Entry"]) -> tuple[Noted, ...]:
    """Return everything that entries of the journal say about days, the oldest first."""
    from data import kinds  # noqa: PLC0415 most questions need no SQLAlchemy

    told = kinds.spans(entries)
    return tuple(Noted(first, last, one.kind, kinds.title(one), entry=one.id) for first, last, one in told)


@asking()
def by_itself(since: date, until: date) -> tuple[Noted, ...]:
    """Return the releases, incidents and holidays from one day up to another (excluded), the oldest first."""
    found = happened(since, until)
    return tuple(
        Noted(on, on, kind, str(what), area, url)
        for on, what, kind, area, url in sorted(found, key=lambda one: one[0])
        if kind in DRAWN
    )


def of(told: Sequence[Noted], areas: Collection[str] = ()) -> list[Noted]:
    """Return what concerns some areas, or everybody; all of it where no area is named."""
    return [one for one in told if not areas or one.area is None or one.area in areas]


def gathered(told: Sequence[Noted], periods: Sequence[tuple[date, date]]) -> list[Mark]:
    """Return a mark for each period (starts, ends) something was noted in, what people wrote first; what lasts, where it began.

    What began before the first period and still lasted then is told there.
    """
    if not periods:
        return []
    starts, (begins, ends) = [one for one, _ in periods], (periods[0][0], periods[-1][1])
    found: dict[tuple[bool, date], list[Noted]] = {}
    for one in told:
        if one.since < ends and one.until >= begins:
            place = starts[max(0, bisect_right(starts, one.since) - 1)]
            found.setdefault((one.kind not in WRITTEN, place), []).append(one)
    return [
        Mark(place, starts[max(0, bisect_right(starts, max(one.until for one in those)) - 1)], tuple(those))
        for (_, place), those in sorted(found.items())
    ]


def counted(told: Sequence[Noted]) -> str:
    """Return in words how much of what was noted: one decision, 14 releases."""
    counts = Counter(one.kind for one in told)
    return series([amount(counts[kind], NAMES.get(kind, kind)) for kind in DRAWN if counts[kind]])


def line(one: Noted) -> str:
    """Return one thing in a line: 3 Mar, decision: what was decided."""
    lasts = f" to {day(one.until)}" if one.until > one.since + timedelta(days=1) else ""
    return f"{day(one.since)}{lasts}, {NAMES.get(one.kind, one.kind)}: {one.what}"
