"""The week in sixty seconds: what left its usual range and what did not, customers first."""

import streamlit as st

import metrics
from pages import notices, reading, safe, sentences
from pages.parts import chart, clicked
from pages.reading import View

ORDER = (  # the same charts in the same places every week: customers, then what reaches them, then how the work flows
    "bugs_opened",
    "open_bugs",
    "age_of_open_bugs",
    "workflow_runs",
    "deployment_frequency",
    "change_lead_time",
    "pull_request_cycle_time",
    "throughput",
)


def week(edition: str) -> None:
    """Draw what moved, in words and then in charts; a click on a mark leads to its rows."""
    reach = st.session_state["range"]
    views = [View(metrics.metric(name), reach=reach) for name in ORDER]
    if all(reading.empty(edition, view) for view in views):
        notices.nothing_happened()
        return
    told = {view.metric: reading.latest(edition, view) for view in views}
    silent = [metric for metric, one in told.items() if one is None]
    for sentence in sentences.summary([one for one in told.values() if one], silent):
        safe.text(sentence, "lead")
    st.space("small")
    grid = st.grid(2, min_column_width=540, gap=("medium", "large"))
    for view in views:
        with grid.cell():
            chart(edition, view)
    for view in views:
        if mark := clicked(view.metric):
            st.switch_page("explore.py", query_params=view.link(period=mark[0], range=None))


week(reading.edition())
