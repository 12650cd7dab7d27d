"""Drill: any measure, sliced and filtered, down to the rows behind one mark and from there to GitHub or Jira."""

from dataclasses import replace

import streamlit as st

from metrics import METRICS
from pages import beside, reading, safe
from pages.changed import what_changed
from pages.facets import facets
from pages.parts import chart, clicked, definition, every_picker, one_of
from pages.questions import questions
from pages.rows import rows

NO_ROWS = (
    "It is about people in a crowd: its rows are never shown, and it is not split by kind. Choose months or quarters."
)
BELOW = ("Rows", "What changed", "Side by side", "SQL and export")
IN_LINK = ("show", "find", "against", "beside", "left", "right", "because")  # what else is chosen here

edition = reading.edition()
titles = {metric.title: metric for metric in METRICS}

rail, above = st.columns([1, 3], gap="large")
with rail:
    metric = titles[st.selectbox("Metric", list(titles), key="metric", bind="query-params")]
    asked = reading.here(metric, every_picker())
    by = st.segmented_control("Slice by", ["area", "kind"], key="slice", bind="query-params")
    area = one_of("Area", reading.names(edition, asked, "area"), key="area")
    kind = one_of("Kind", reading.names(edition, asked, "kind"), key="kind")
if metric.private:  # told as a whole or by area alone, and never row by row
    kind, by = None, "area" if by == "area" else None
view = replace(asked, area=area or asked.area, kind=kind, by=by)
periods = reading.periods(edition, view) | reading.periods(edition, replace(view, reach="All"))  # a link opens any mark
below, narrow = st.columns([3, 1], gap="large")
with below:
    show = st.segmented_control(
        "Show", BELOW, default="Rows", required=True, key="show", bind="query-params", label_visibility="collapsed"
    )
    two = beside.areas(edition, asked) if show == "Side by side" and periods else None
seen = replace(view, by="area", area=None) if two else view


def pick() -> None:
    """Take over the mark that was clicked into the pickers of the rows, and so into the link."""
    if mark := clicked(metric):
        st.session_state["period"] = mark[0]
        if seen.by:
            st.session_state["of"] = mark[1]


with above:
    also = {name: str(st.session_state[name]) for name in IN_LINK if st.session_state.get(name)}
    picked = periods.get(str(st.session_state.get("period")))
    chart(edition, seen, on_select=pick, picked=picked, only=two or (), also=also)
if periods and not metric.private:
    with narrow, st.container(key="facets"):
        facets(edition, view)
with below:
    if metric.private:
        safe.text(NO_ROWS, "note")
    elif periods and show == "Rows":
        rows(edition, view, periods)
    elif periods and show == "What changed":
        what_changed(edition, view, periods)
    elif periods and two:
        beside.two(edition, view, two, periods)
    elif periods and show == "Side by side" and beside.of_periods():
        beside.periods(edition, view, periods)
    if periods and show == "SQL and export":
        questions(edition, view, periods)

st.subheader("What this number is", anchor=False)
definition(metric, sql=show != BELOW[-1])
st.page_link("console.py", label="Ask in SQL what no chart tells")
