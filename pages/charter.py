"""The charter at the foot of every page: what is read and kept, what is never shown, and how to see and forget what is held."""

import streamlit as st

from pages import safe

CHARTER = (
    (
        "What it is for",
        (
            "To let a team talk about its work: what reaches customers, what waits, what is known by too few. It is not made to watch, "
            "compare or judge people, and cannot be turned into that by a setting."
        ),
    ),
    (
        "What is kept",
        (
            "What GitHub and Jira told about pull requests, reviews, deployments, issues and usage stays in one folder on the machine "
            "that collects, with the logins in it, until somebody deletes it, or for as many months after it has ended as [keep] in "
            "team.toml says. Of a description only the sentence or two that say why are kept, without addresses and mentions. Nothing "
            "of it is sent anywhere else."
        ),
    ),
    (
        "What pages can see",
        (
            "A copy in which every login, account and address is a keyed hash. The hash counts how many people there were, and does "
            "nothing else. No metric has a column for a person, so no chart, table, link or file can be cut by one. Titles, and why "
            "something was done, are shown as people wrote them. Questions in SQL are asked of a copy without the hashes; each is "
            "kept by its text for 90 days, for everybody to read."
        ),
    ),
    (
        "Who looks",
        (
            "Where people log in, it is kept for 90 days which page somebody opened on which day, by their e-mail; no time of day, and "
            "not how often. Everybody who may look can see it, under Health."
        ),
    ),
    (
        "What is never shown",
        (
            "A list of people, a number about one person, a ranking or a score. What is about a crowd is told only from five "
            "people on, so that nobody can be told from what is left."
        ),
    ),
)
COMMANDS = "python -m data show-me LOGIN   # shows it\npython -m data forget LOGIN    # writes it out, and proves it"


def charter() -> None:
    """Draw the charter behind one small word."""
    with st.popover("What is kept, and what is never shown", type="tertiary", width="content"):
        for heading, said in CHARTER:
            safe.text(heading, "strong")
            safe.text(said)
        safe.text("What is held of you", "strong")
        st.code(COMMANDS, language=None)
        safe.text("Whoever runs Cairn runs these for you, on the machine where it collects.", "note")
