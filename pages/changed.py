"""What changed: from one mark to another, by area, kind and phase, in parts that add up; each part leads on until it is explained."""

from dataclasses import replace
from datetime import date

import streamlit as st

import metrics
from metrics import Metric
from metrics.contribution import NOT_SET, REST, UNREVIEWED
from metrics.digest import largest
from metrics.words import number, two_figures, unit
from pages import reading, safe
from pages.reading import Part, View
from pages.rows import WHOLE, period_picker
from pages.words import Frame, at, period

OTHER = "The one before"
SHOWN = 10  # parts by name
NOTHING = 1e-9
ADDS = {
    "median": "Each part: what the median of all rows moves when it is that part's turn.",
    "share": "Each part: its own share, and how large a part it is of all rows.",
}


def what_changed(edition: str, view: View, periods: dict[str, date]) -> None:
    """Draw the choice of two periods and where the way from one mark to the other comes from."""
    view = replace(view, by=None)
    earlier, later = two_periods(edition, view, periods)
    if earlier is None:
        safe.text(f"There is nothing before {period(later, view.every)} to hold it against.")
        return
    before, after = (reading.mark(edition, view, starts) for starts in (earlier, later))
    if before is None or after is None:
        safe.text("One of the two has too few rows with a value for a mark, so there is no change to explain.")
        return
    metric = view.metric
    told = [
        f"{number(mark, metric)}{unit(metric)} {at(metric, starts, view.every)}"
        for mark, starts in ((before, earlier), (after, later))
    ]
    size = signed(after - before, metric)
    safe.text(f"{metric.title}: {told[0]}, {told[1]}. The change is {size}.", "strong")
    split: dict[Part, Frame] = {
        by: parts for by, parts in reading.change(edition, view, earlier, later).items() if len(parts) > 1
    }
    for by, parts in split.items():
        whole = f"By {by}, {signed(parts['change'].sum(), metric)}{' of the mean' if by == 'phase' else ''}"
        safe.text(whole, "strong")
        if note := ADDS.get(metric.fold) if by != "phase" else None:
            safe.text(note, "note")
        _parts(view, by, parts, whole, {"period": period(later, view.every), "against": period(earlier, view.every)})
    if not split:
        safe.text(
            "It cannot be split further: all of it is of one area and one kind. Its rows are what is left to read."
        )
    with st.container(key="ways-rows", horizontal=True):
        for label, starts in (("The rows of the later one", later), ("The rows of the earlier one", earlier)):
            st.page_link("explore.py", label=label, query_params=view.link(period=period(starts, view.every)))


def two_periods(edition: str, view: View, periods: dict[str, date]) -> tuple[date | None, date]:
    """Draw the choice of a period and of the one it is held against; return where the other one and it start."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = period_picker(periods, [WHOLE] if st.session_state.get("period") == WHOLE else [])
        later = periods.get(name, next(iter(periods.values())))
        against = st.selectbox(
            "Against", list(periods), index=None, placeholder=OTHER, key="against", bind="query-params", width=220
        )
    other = periods[against] if against else None
    return (other if other != later else None) or reading.before(edition, view, later), later


def signed(value: float, metric: Metric) -> str:
    """Return a change with its sign and unit; of a share, in percentage points."""
    told = two_figures(abs(value) * 100) if metric.fold == "share" else number(abs(value), metric)
    sign = "" if told == "0" else "-" if value < 0 else "+"
    return f"{sign}{told}{' percentage points' if metric.fold == 'share' else unit(metric)}"


def _parts(view: View, by: Part, parts: Frame, alt: str, when: dict[str, str]) -> None:
    """Draw a bar for each part on one scale, and the way on: the same question about that part alone."""
    told = largest(parts[parts["change"].abs() > NOTHING].reset_index(drop=True), SHOWN)
    sizes = [0.0, *(size for _, size in told)]
    with st.container(key=f"ways-{by}", gap=None):
        for part, size in told:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                bar = signed(size, view.metric).removesuffix(unit(view.metric)).removesuffix(" percentage points")
                safe.bars([(part, size, bar)], f"{alt}: {bar}", (min(sizes), max(sizes)))
                if way := _way_on(view, by, part, when):
                    st.page_link("explore.py", label="Look into", query_params=way, width=72)
                else:
                    st.space(72)


def _way_on(view: View, by: Part, part: str, when: dict[str, str]) -> dict[str, str] | None:
    """Return where a part leads on, None where it cannot be filtered by."""
    if by == "phase":
        of = next((one for one in metrics.METRICS if one.title == part), None)
        return replace(view, metric=of).link(show="What changed", **when) if of and part != UNREVIEWED else None
    known = (part != REST and not part.endswith((" other", " others"))) or part == NOT_SET
    return replace(view, **{by: part}).link(show="What changed", **when) if known else None
