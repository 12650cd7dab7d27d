"""Goals: destinations of three horizons, each with its number, how far, how sure and what changed; never a share done."""

import streamlit as st

from data.journal import Journal
from pages import safe

NONE = "No goal is written down yet. A goal is a place we want to be at, and the number in which we would see it."


def draw(kept: Journal) -> None:
    """Draw the goals."""
    st.page_link("memory.py", label="New goal", query_params={"write": "goal"})
    if not kept.entries("goal"):
        safe.text(NONE)
