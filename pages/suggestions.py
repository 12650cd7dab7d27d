"""Suggestions to the plan: what anybody thinks should change in it, talked about, and taken or declined with a reason."""

from data.journal import Journal
from pages import safe

NONE = "Nothing is suggested yet. Every goal and every rock has a way to suggest a change to it."


def draw(kept: Journal) -> None:
    """Draw what is suggested."""
    if not kept.entries("plan_suggestion"):
        safe.text(NONE)
