"""What surrounds every page: the range, what it is compared with, whose part it is, and how fresh all of it is.

The whole of it stands in the link, so it stays from page to page, when a page is loaded again, and after a restart.
"""

from datetime import date

import streamlit as st

import data
import data.areas
from pages import reading, safe, words
from pages.reading import CUSTOM, LAST_YEAR, PREVIOUS, REACH, USUAL
from pages.search import keys, search

DRILL = frozenset(  # what is chosen there, each by its name in the link
    "metric every slice area kind show period of find sheet against beside left right because".split()
)
FIRST, LAST = date(1990, 1, 1), date(2099, 12, 31)  # no day outside can be chosen


def pickers() -> None:
    """Draw the range, the comparison and the team or area. Pages read them through reading.here()."""
    with st.container(horizontal=True, width="content", vertical_alignment="bottom", key="pickers"):
        st.segmented_control(
            "Range",
            [*REACH, CUSTOM],
            default=USUAL,
            required=True,
            key="range",
            bind="query-params",
            label_visibility="collapsed",
        )
        if st.session_state["range"] == CUSTOM:
            _day("First day", "first")
            _day("Last day", "last")
        _one_of("Compare with", [PREVIOUS, LAST_YEAR], "compare", "Compare with …")
        if choices := list(data.areas.choices(data.team())):
            _one_of("Team or area", choices, "team", "All teams and areas")
    if st.session_state["range"] == CUSTOM and reading.reach() == USUAL:
        safe.text(f"Choose both days. Until then the last {USUAL} are shown.", "note")


def follow(page: str) -> None:
    """Forget what was last chosen on Drill where a link leads there: what it does not say is as it is by default."""
    if page != st.session_state.get("here") and DRILL & set(st.query_params):
        for name in DRILL & set(st.session_state):
            del st.session_state[name]
    st.session_state["here"] = page


def tools(edition: data.Edition | None) -> None:
    """Draw what is at hand beside the menu: how fresh it is, the search, the keys."""
    with st.container(horizontal=True, width="content", vertical_alignment="center", gap="small", key="tools"):
        if edition:
            stamp(edition)
            if st.button("Search", icon=":material/search:", type="tertiary", shortcut="Ctrl+K", key="search"):
                search(edition.name)
        if st.button("Keys", type="tertiary", shortcut="K", key="keys"):
            keys()
        st.button("Draw again in these colours", key="colours")  # out of sight: frame.js presses it when they turn


def stamp(edition: data.Edition) -> None:
    """Draw to when everything is complete, by the last complete reading and not by the last attempt."""
    complete = reading.health(edition.name, "complete")["complete_to"]
    whole = len(complete) > 0 and complete.notna().all()
    said = f"Complete to {words.moment(complete.min(), data.team().timezone)}" if whole else "Not read to the end yet"
    safe.text(said, "stamp")


def _day(label: str, key: str) -> None:
    st.date_input(
        label,
        value=None,
        min_value=FIRST,
        max_value=LAST,
        format="YYYY-MM-DD",
        key=key,
        bind="query-params",
        width=160,
        label_visibility="collapsed",
    )


def _one_of(label: str, names: list[str], key: str, empty: str) -> None:
    st.selectbox(
        label,
        names,
        index=None,
        placeholder=empty,
        key=key,
        bind="query-params",
        width=204,
        label_visibility="collapsed",
    )
