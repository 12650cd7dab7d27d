"""Explore: any metric, sliced and filtered, down to the rows behind one mark and from there to GitHub or Jira."""

from dataclasses import replace

import streamlit as st

from metrics import METRICS
from pages import reading, safe
from pages.parts import chart, clicked, definition, every_picker, one_of
from pages.rows import rows

NO_ROWS = (
    "It is about people in a crowd: its rows are never shown, and it is not split by kind. Choose months or quarters."
)
edition = reading.edition()
titles = {metric.title: metric for metric in METRICS}

which, how_often, slicing, areas, kinds = st.columns([4, 3, 2, 3, 3])
with which:
    metric = titles[st.selectbox("Metric", list(titles), key="metric", bind="query-params")]
with how_often:
    asked = reading.here(metric, every_picker())
with slicing:
    by = st.segmented_control("Slice by", ["area", "kind"], key="slice", bind="query-params")
with areas:
    area = one_of("Area", reading.names(edition, asked, "area"), key="area")
with kinds:
    kind = one_of("Kind", reading.names(edition, asked, "kind"), key="kind")
if metric.private:  # told as a whole or by area alone, and never row by row
    kind, by = None, "area" if by == "area" else None
view = replace(asked, area=area or asked.area, kind=kind, by=by)
periods = reading.periods(edition, view)
st.space("xsmall")


def pick() -> None:
    """Take over the mark that was clicked into the pickers of the rows, and so into the link."""
    if mark := clicked(metric):
        st.session_state["period"] = mark[0]
        if by:
            st.session_state["of"] = mark[1]


chart(edition, view, on_select=pick, picked=periods.get(str(st.session_state.get("period"))))
if metric.private:
    safe.text(NO_ROWS, "note")
elif periods:
    rows(edition, view, periods)

st.subheader("What this number is", anchor=False)
definition(metric, sql=True)
