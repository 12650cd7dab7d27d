"""Plan: where we want to be, how sure we are of it, what the next sprints are for, and what should change."""

from data.journal import journal
from pages import alignment, burn_list, exploration, goals, rocks, safe, sprint_goals, suggestions
from pages.sections import Sections, choice

SECTIONS: Sections = {
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
    chosen = choice(SECTIONS, key="section")
    safe.text(chosen, "sentence", "h2")
    SECTIONS[chosen](journal())


page()
