"""What surrounds every page: the range, what it is compared with, whose part it is, as of which day, and how fresh all of it is.

The whole of it stands in the link, so it stays from page to page, when a page is loaded again, and after a restart.
"""

from datetime import date

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import data
import data.areas
from pages import past, reading, safe, words
from pages.past import FIRST
from pages.reading import CUSTOM, LAST_YEAR, PREVIOUS, REACH, USUAL
from pages.search import keys, search

DRILL = frozenset(  # what is chosen there, each by its name in the link
    "metric every slice area kind show period of find sheet against beside left right because".split()
)
SAME_IN_EVERY_RANGE = {"item", "brief", "look_back", "one_to_one", "prepare", "console"}
LAST = date(2099, 12, 31)  # no day after can be chosen


def pickers(page: str) -> None:
    """Draw what can be chosen over a page: range, comparison, team or area, and the day as on which it is shown.

    Pages read them through reading.here().
    """
    with st.container(horizontal=True, width="content", vertical_alignment="bottom", key="pickers"):
        if page not in SAME_IN_EVERY_RANGE:
            _range()
        refused = past.picker(page)
    if page not in SAME_IN_EVERY_RANGE and st.session_state["range"] == CUSTOM and reading.reach() == USUAL:
        safe.text(f"Choose both days. Until then the last {USUAL} are shown.", "note")
    if refused:
        safe.text(refused, "note")


def _range() -> None:
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


def follow(page: str) -> None:
    """Forget what was last chosen on Drill where a link leads there: what it does not say is as it is by default, and now."""
    if page != st.session_state.get("here") and DRILL & set(st.query_params):
        for name in (DRILL | {"seen"}) & set(st.session_state):
            del st.session_state[name]
    st.session_state["here"] = page


def beside_menu() -> DeltaGenerator:
    """Return the place beside the menu, the first of a page for whoever has no pointer."""
    return st.container(horizontal=True, width="content", vertical_alignment="center", gap="small", key="tools")


def tools(edition: data.Edition | None) -> None:
    """Draw what is at hand beside the menu: how fresh it is, the search, the keys."""
    if edition:
        stamp(edition)
        if st.button("Search", icon=":material/search:", type="tertiary", shortcut="Ctrl+K", key="search"):
            search()
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
