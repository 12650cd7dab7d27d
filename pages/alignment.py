"""Alignment: EM and PM order the goals of a horizon apart; what they gave is shown when both have given theirs."""

from data.journal import Journal
from pages import safe

NONE = "There is no goal to order yet."


def draw(kept: Journal) -> None:
    """Draw where the two orders agree and where they differ."""
    if not kept.entries("goal"):
        safe.text(NONE)
