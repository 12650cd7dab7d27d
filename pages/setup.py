"""Setup: what is connected, what is missing, what each rule matches, and the next step in words. It never shows a secret."""

import pandas as pd
import streamlit as st

import data
from pages import reading, safe, words
from pages.connection import connections, names_set, steps
from pages.door import let_in

CONNECTED = {"source": "Source", "reads": "What is read", "names": "Secrets, by name", "read_to": "Complete to"}
RULES = {  # in the order people ask about them
    "production": "Production",
    "issue type": "Bugs and incidents, by type",
    "label": "Bugs and incidents, by label",
    "status": "Statuses",
    "Workflow": "Workflows",
    "rework": "Hotfixes and rollbacks",
    "release": "Releases that count as deployments",
    "service": "Services, by environment",
    "service by path": "Services, by the paths of changes",
    "incident": "Incidents tied to a deployment, by",
    "correction": "Incidents, corrected",
    "bot": "Bots",
}
MATCHED = {"matched": "Found in the data", "items": "How often", "applies": "Counts as"}


def page() -> None:
    """Draw the page for the team's own words, whether or not the sandbox company is what is shown elsewhere."""
    edition = data.edition()
    team = data.team("team") if data.team_file().exists() else None
    own = edition if edition and edition.company == "team" else None
    there = names_set()
    left = steps(team, there, reading.health(own.name, "unfinished") if own else None)
    if left:
        st.subheader("Next step", anchor=False)
    else:
        st.subheader("Nothing is missing", anchor=False)
        safe.text("All that team.toml names has been read to its end.")
    for one in left[:1]:
        safe.text(one.what, "lead")
        if one.command:
            st.code(one.command, language=None)
    if left[1:]:
        safe.text("After that", "strong")
    for one in left[1:]:
        safe.text(one.what)
        if one.command:
            st.code(one.command, language=None)

    if team:
        st.subheader("What is connected", anchor=False)
        connected(team, there, own)
    if edition:
        st.subheader("What each rule matches", anchor=False)
        rules(edition.name)
        st.subheader("What a collection costs", anchor=False)
        costs(edition.name)


def connected(team: data.Team, there: set[str] | None, own: data.Edition | None) -> None:
    """Draw each source with the names of its secrets and how far it has been read."""
    found = connections(team, there or ())
    if not found:
        safe.text("Nothing yet: team.toml names no repository and no project.")
        return
    streams = reading.health(own.name, "streams") if own else None
    rows = []
    for one in found:
        read = [] if streams is None else streams.loc[streams["source"] == one.source, "complete_to"].tolist()
        whole = read and all(pd.notna(when) for when in read)
        told = [f"{name} is set" for name in one.there] + [f"{name} is missing" for name in one.missing]
        rows.append(
            {
                "source": f"{words.SOURCES[one.kind]} · {one.source}",
                "reads": ", ".join(one.reads),
                "names": ", ".join(told) if there is not None else "not told to this dashboard",
                "read_to": words.moment(min(read), data.team().timezone) if whole else "not read to its end yet",
            }
        )
    safe.table(pd.DataFrame(rows), CONNECTED, alt="What is connected", wide="reads")
    safe.text(
        f"What is read stands in {data.team_file().name}. Secrets are known here by name alone, and stay with the collector.",
        "note",
    )


def rules(edition: str) -> None:
    """Draw what each rule of team.toml met when the data was last made ready."""
    found = reading.health(edition, "rules")
    there = {label: rule for rule, label in RULES.items() if rule in set(found["rule"])}
    if there:
        first = next(iter(there))
        label = st.segmented_control("Rule", list(there), default=first, required=True, key="rule", bind="query-params")
        shown = found[found["rule"] == there[label]].fillna({"applies": "nothing"})
        safe.table(shown, MATCHED, alt="What the rule matches", wide="matched")
    else:
        safe.text("Nothing has been read yet that a rule could match.")
    safe.text(
        "Rules stand in team.toml and apply on read: change one, load the page again, and every number follows.", "note"
    )


def costs(edition: str) -> None:
    """Say what the last sync of each source took."""
    syncs = reading.health(edition, "syncs").drop_duplicates("source")
    for source, requests, seconds in syncs[["source", "requests", "seconds"]].itertuples(index=False, name=None):
        safe.text(
            f"{source}: the last sync took {words.amount(int(requests), 'request')} and {words.two_figures(seconds)} seconds."
        )
    safe.text(
        "A sync reads only what changed. 'python -m collectors check' estimates the first one before it is made.",
        "note",
    )


if let_in():
    page()
