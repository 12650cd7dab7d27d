"""Two side by side: two periods, or two areas once somebody has said what comparing them is for."""

from dataclasses import replace
from datetime import date

import pandas as pd
import streamlit as st

from metrics.words import amount, capital, number, unit
from pages import reading, safe
from pages.changed import two_periods
from pages.parts import one_of
from pages.reading import View
from pages.rows import period_picker
from pages.words import at, in_words, period

WHAT = ("Two periods", "Two areas")
FEWEST = 10  # letters that say anything
LONGEST = 200
ASKED = "Say first what the comparison is for. It stands beside it, for everybody who opens the link."
FAIR = "Areas differ in what they are for. Neither is a measure of the other, nor of those who work there."


def of_periods() -> bool:
    """Tell if two periods are looked at."""
    return st.session_state.get("beside", WHAT[0]) == WHAT[0]


def areas(edition: str, view: View) -> tuple[str, str] | None:
    """Draw the choice of what to put side by side; return two areas when there is a reason to, else None."""
    chosen = st.segmented_control(
        "Put side by side", WHAT, default=WHAT[0], required=True, key="beside", bind="query-params"
    )
    if chosen == WHAT[0]:
        return None
    names = reading.names(edition, view, "area")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        left = one_of("One area", names, key="left", width=260)
        right = one_of("Another area", names, key="right", width=260)
    because = st.text_input("What is the comparison for?", max_chars=LONGEST, key="because", bind="query-params")
    if len((because or "").strip()) < FEWEST:
        safe.text(ASKED, "note")
        return None
    if not left or not right or left == right:
        safe.text("Choose two areas.", "note")
        return None
    safe.text(f"Compared because: {because}", "strong")
    safe.text(FAIR, "note")
    return (left, right) if left < right else (right, left)  # by name, as in the chart


def periods(edition: str, view: View, names: dict[str, date]) -> None:
    """Draw two periods beside each other: the number of each with how sure it is, and what its rows are made of."""
    view = replace(view, by=None)
    earlier, later = two_periods(edition, view, names)
    for nth, (starts, place) in enumerate(zip((earlier, later), st.columns(2, gap="large"), strict=True)):
        with place:
            if starts is None:
                safe.text("There is nothing before it.")
                continue
            _one(edition, view, starts, capital(in_words(starts, view.every)), nth)


def two(edition: str, view: View, areas: tuple[str, str], names: dict[str, date]) -> None:
    """Draw two areas beside each other in one period."""
    starts = names.get(period_picker(names), next(iter(names.values())))
    for nth, (area, place) in enumerate(zip(areas, st.columns(2, gap="large"), strict=True)):
        with place:
            _one(edition, replace(view, by=None, area=area), starts, area, nth)


def _one(edition: str, view: View, starts: date, name: str, place: int) -> None:
    metric, point = view.metric, reading.point(edition, view, starts)
    found = reading.behind(edition, view, starts)
    value = None if point is None else reading.mark(edition, view, starts)
    said = "no mark" if value is None else f"{number(value, metric)}{unit(metric)}"
    safe.text(f"{name}: {said}", "strong")
    told = [capital(f"{amount(len(found), 'row')} {at(metric, starts, view.every)}")]
    if point is not None and pd.notna(point["low"]):
        low, high = (number(point[end], metric) for end in ("low", "high"))
        told.append(f"90 % interval {low} to {high}{unit(metric)}")
    safe.text(" · ".join(told), "note")
    for by in ("area", "kind"):
        parts = reading.made_of(found, by)
        if len(parts) and not isinstance(getattr(view, by), str):
            safe.text(f"Rows by {by}", "note")
            safe.bars([(part, n, f"{n:,}") for part, n in parts], f"Rows by {by}")
    with st.container(key=f"ways-{place}"):
        st.page_link("explore.py", label="The rows", query_params=view.link(period=period(starts, view.every)))
