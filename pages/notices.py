"""What stands above and below every page: whose data it is, how far it has been read, and what to do when some is missing."""

from datetime import UTC, datetime

import streamlit as st

import data
from data.editions import lake_away
from data.health import OLD
from pages import login, past, reading, safe, sentences, words
from pages.charter import charter
from pages.login import Person

COLLECT = "python -m collectors sync"


def never_collected() -> None:
    """Say what to do when there is nothing to show yet."""
    st.title("Nothing has been collected yet", anchor=False)
    safe.text(
        "Cairn reads GitHub and Jira first and shows them then. One command does both, and opens this page again:",
        "lead",
    )
    st.code("make run", language=None)
    safe.text("Without tokens it collects from a made-up company, so that you can look around. To collect alone:")
    st.code(COLLECT, language=None)
    safe.text("Then load this page again. Nothing here asks GitHub or Jira by itself.", "note")
    st.page_link("setup.py", label="Connect your own team", icon=":material/arrow_forward:", icon_position="right")
    you()


def nothing_happened() -> None:
    """Say what to do when all was read, and there was nothing in it."""
    safe.text("Collected, and nothing has happened yet in what was read.", "lead")
    safe.text(
        "As soon as a pull request is merged, a change deployed or a bug reported, it shows here after the next collection."
    )
    safe.text(
        "Something did happen? Then it lies elsewhere: look at what was read, and at the repositories and projects in team.toml."
    )
    st.page_link("health.py", label="See what was read", icon=":material/arrow_forward:", icon_position="right")


def above(edition: data.Edition) -> None:
    """Say as on which day the page is shown; of now, whose data it is, and what is missing or old."""
    if day := reading.seen():
        past.said(edition, day)
    else:
        whose(edition)
        old(edition)


def whose(edition: data.Edition) -> None:
    """Say if the company is made up, and if something has not been read to its end."""
    if edition.company == "sandbox":
        with st.container(key="sandbox"):
            st.markdown(
                "**Sandbox company: made-up data, to look around in.** Its links to GitHub and Jira lead nowhere; Setup says how to "
                "connect your own team."
            )
    half = reading.health(edition.name, "unfinished")
    if len(half):
        with st.container(key="half-read"):
            safe.text(f"Not read to the end yet: {sentences.unfinished(half)}.", "strong")
            st.markdown(f"The charts show what is there. Collect again, it goes on where it stopped: `{COLLECT}`")
            st.page_link(
                "health.py", label="What is missing, and why", icon=":material/arrow_forward:", icon_position="right"
            )


def old(edition: data.Edition) -> None:
    """Say if a source has not been read to its end for longer than OLD. A made-up company does not grow old."""
    complete = reading.health(edition.name, "complete").dropna(subset="complete_to")
    complete = complete[complete["kind"] != "usage"]  # files tell up to their last day, however often they are read
    late = complete[complete["complete_to"] < datetime.now(UTC).replace(tzinfo=None) - OLD]
    if edition.company == "team" and len(late):
        kinds = words.series([words.SOURCES.get(str(kind), str(kind)) for kind in late["kind"]])
        since = words.moment(late["complete_to"].min(), data.team().timezone)
        with st.container(key="stale"):
            safe.text(f"{kinds}: last read to the end on {since}. What happened since is not here.", "strong")
            st.markdown(f"Collect again, it reads only what changed: `{COLLECT}`")


def freshness(edition: data.Edition) -> None:
    """Say to when the data is complete, by the last complete reading and not by the last attempt."""
    zone = data.team().timezone
    complete = reading.health(edition.name, "complete")
    told = [
        f"{words.SOURCES.get(kind, kind)} to {words.moment(when, zone)}"
        for kind, when in zip(complete["kind"], complete["complete_to"], strict=True)
    ]
    st.space("medium")
    with st.container(key="footer", gap=None):
        safe.text(f"Data complete: {words.series(told) or 'nothing yet'} ({zone}).", "note")
        if away := lake_away(edition.company):
            safe.text(away, "note")
        safe.text("Numbers start a conversation here. They are never the truth, and never about a person.", "note")
        charter()
        you()


def you() -> None:
    """Draw who looks, where people log in, what they may, and the way out."""
    if isinstance(who := login.person(), Person):
        with st.popover(
            f"You are logged in as {'an editor' if who.writes else 'a viewer'}", type="tertiary", width="content"
        ):
            safe.text(who.email, "strong")
            safe.text(login.WRITER if who.writes else login.READER)
            st.button("Log out", key="log-out", on_click=st.logout)
