"""Sprint goals: a draft that EM and PM both write on, with its reason, and how it ended."""

import streamlit as st

from data.journal import Journal
from pages import safe

NONE = "No sprint goal is written down yet."


def draw(kept: Journal) -> None:
    """Draw the goals of the sprints, the newest first."""
    st.page_link("memory.py", label="New sprint goal", query_params={"write": "sprint_goal"})
    if not kept.entries("sprint_goal"):
        safe.text(NONE)
