"""The rows behind one mark of a chart: exactly those it counts, each with its way to the source and its life."""

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from urllib.parse import urlencode

import streamlit as st

from metrics.words import amount, capital, full_day
from pages import reading, safe, sentences
from pages.parts import one_of
from pages.reading import View
from pages.words import Frame, stands

COLUMNS = {"happened_at": "When", "what": "What", "area": "Area", "kind": "Kind", "value": "Value", "url": "Source"}
WHOLE = "All in this range"
PAGE = 50
LONGEST = 200
LIFE = "A click on a row opens the life of its pull request or issue; Open leads to GitHub or Jira."
AS_LINKS = "These rows as links to GitHub or Jira"
NO_LIFE = "This row is no pull request and no issue that was read; its source tells more."


def rows(edition: str, view: View, periods: dict[str, date]) -> None:
    """Draw the pickers of period and slice, the rows, and their CSV. `periods` are the marks of the chart, the newest first."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = period_picker(periods, [] if stands(view.metric) else [WHOLE])
        if view.by:
            of = one_of(view.by.capitalize(), reading.names(edition, view, view.by), key="of", width=260)
            view = replace(view, **{view.by: of or getattr(view, view.by)})
        text = st.text_input(
            "Search in the rows",
            max_chars=LONGEST,
            type="search",
            key="find",
            bind="query-params",
            width=260,
            on_change=first_page,
        )
        found = behind(edition, view, periods, name)
        kept = reading.searched(found, text or "")
        area = view.area if isinstance(view.area, str) else view.team
        parts = filter(None, (view.metric.name, "rows", area, view.kind, view.every, periods.get(name, "range")))
        file = safe.file_name(*parts, ending="csv")
        st.download_button("CSV", lambda: safe.csv(kept), file, "text/csv", on_click="ignore")
    safe.text(counted(edition, view, periods, name, found))
    if len(kept) < len(found):
        safe.text(capital(f"{amount(len(kept), 'row')} of them with the text that is looked for."), "note")
    if len(kept):
        safe.text(LIFE, "note")
        turn_pages(view, kept)


def period_picker(periods: dict[str, date], more: Iterable[str] = ()) -> str:
    """Draw the choice of a period by its name and return it; the newest stands first."""
    return st.selectbox("Period", [*periods, *more], key="period", bind="query-params", width=220)


def behind(edition: str, view: View, periods: dict[str, date], name: str) -> Frame:
    """Return the rows of a period by its name, or of all of them."""
    if name in periods:
        return reading.behind(edition, view, periods[name])
    return reading.whole(edition, view)


def counted(edition: str, view: View, periods: dict[str, date], name: str, found: Frame) -> str:
    """Return how the rows make the number of their mark."""
    if name not in periods:
        return capital(
            f"{amount(len(found), 'row')} in this range, from {full_day(reading.days(edition, view)[0])} on."
        )
    starts = periods[name]
    return sentences.counted(view.metric, starts, view.every, found, reading.mark(edition, view, starts))


def turn_pages(view: View, found: Frame) -> None:
    """Draw the rows, fifty at a time. A click on one that is a pull request or an issue leads to its life."""
    pages, page = math.ceil(len(found) / PAGE), 1
    if pages > 1:
        page = st.pagination(pages, key="sheet", bind="query-params")
    here = found.iloc[PAGE * (page - 1) : PAGE * page]
    columns = COLUMNS | {"value": view.metric.unit.capitalize()}
    if view.metric.fold in {"count", "balance"}:
        columns.pop("value")  # every row counts one
    alt = f"The rows behind {view.metric.title}, click one for its life"
    as_links(here)
    shown = reading.local(here, "happened_at")
    safe.table(shown, columns, alt=alt, wide="what", source="url", key="rows", on_select="rerun")
    cell = safe.picked("rows")
    if cell and cell[0] < len(here) and cell[1] not in {"url", "note"}:
        if id_ := reading.item(str(here["url"].iloc[cell[0]])):
            chosen = {name: st.session_state.get(name) for name in ("period", "of", "find")}
            st.switch_page("item.py", query_params={"id": id_, "back": urlencode(view.link(**chosen))})
        safe.text(NO_LIFE, "note")


def as_links(found: Frame) -> None:
    """Draw rows as a list of links to their source: to a keyboard and a screen reader a table is a picture, a list is not."""
    with st.expander(AS_LINKS, key="as-links"):
        safe.links(zip(found["what"], found["url"], strict=True))


def first_page() -> None:
    """Begin at the first page again: there are other rows now."""
    st.session_state["sheet"] = 1
