"""The rows behind one mark of a chart: exactly those it counts, each with its way to the source."""

from dataclasses import replace
from datetime import date

import streamlit as st

from pages import reading, safe, sentences
from pages.parts import one_of
from pages.reading import View

COLUMNS = {"happened_at": "When", "what": "What", "area": "Area", "kind": "Kind", "value": "Value", "url": "Source"}


def rows(edition: str, view: View, periods: dict[str, date]) -> None:
    """Draw the pickers of period and slice, the rows, and their CSV. `periods` are the marks of the chart, the newest first."""
    st.subheader("The rows behind it", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Period", list(periods), key="period", bind="query-params", width=320)
        starts = periods[name]
        if view.by:
            of = one_of(view.by.capitalize(), reading.names(edition, view, view.by), key="of", width=320)
            view = replace(view, **{view.by: of or getattr(view, view.by)})
        found = reading.behind(edition, view, starts)
        area = view.area if isinstance(view.area, str) else view.team
        parts = filter(None, (view.metric.name, "rows", area, view.kind, view.every, starts))
        file = safe.file_name(*parts, ending="csv")
        st.download_button("CSV", lambda: safe.csv(found), file, "text/csv", on_click="ignore")
    safe.text(sentences.counted(view.metric, starts, view.every, found, reading.mark(edition, view, starts)))
    if len(found):
        columns = COLUMNS | {"value": view.metric.unit.capitalize()}
        if view.metric.fold in {"count", "balance"}:
            columns.pop("value")  # every row counts one
        shown = reading.local(found, "happened_at")
        safe.table(shown, columns, alt=f"The rows behind {view.metric.title}", wide="what", source="url")
