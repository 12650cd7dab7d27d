"""Plan: where we want to be, how sure we are of it, what the next sprints are for, and what should change."""

from collections.abc import Callable

import streamlit as st

from data.journal import Journal, journal
from pages import alignment, burn_list, exploration, goals, rocks, safe, sprint_goals, suggestions

SECTIONS: dict[str, Callable[[Journal], None]] = {
    "Goals": goals.draw,
    "Alignment": alignment.draw,
    "Sprint goals": sprint_goals.draw,
    "Big rocks": rocks.draw,
    "Burn list": burn_list.draw,
    "Exploration": exploration.draw,
    "Suggestions": suggestions.draw,
}


def page() -> None:
    """Draw the choice between the sections, and the one chosen; the choice is in the link."""
    names = list(SECTIONS)
    chosen = st.segmented_control(
        "Section",
        names,
        default=names[0],
        required=True,
        key="section",
        bind="query-params",
        label_visibility="collapsed",
    )
    safe.text(chosen, "sentence", "h2")
    SECTIONS[chosen](journal())


page()
