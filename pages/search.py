"""The search over everything: a metric leads to its chart and rows, what was written to its entry, a piece of work to its life, a component to its source."""

import streamlit as st

import metrics.search
from pages import past, reading, safe
from pages.words import capital

KINDS = {"component": "Components", "issue": "Issues", "pull request": "Pull requests"}


@st.dialog("Search", width="medium")
def search() -> None:
    """Ask for words, and draw what holds all of them."""
    typed = st.text_input(
        "A metric, something written down, a component, an issue or a pull request",
        placeholder="lead time, checkout, PAY-158, #214 …",
    )
    if not typed.strip():
        safe.text("Part of a name or a title will do. Enter searches, Tab goes to what was found, Esc closes.", "note")
        return
    with past.shown():  # what is typed here runs this alone, and not the page around it
        there, found = reading.search(reading.edition(), typed)
    written = metrics.search.written(typed)
    if not there and not written and found.empty:
        safe.text("Nothing holds all of these words. Fewer words find more.")
    if there:
        safe.text("Metrics", "strong")
        with st.container(gap=None, key="found"):
            for metric in there:
                st.page_link("explore.py", label=metric.title, query_params=reading.here(metric).link())
    if written:
        safe.text("Written down", "strong")
        safe.links([(name, safe.entry(entry.id)) for entry, name in written])
    for kind, heading in KINDS.items():
        some = found[found["kind"] == kind]
        if len(some):
            safe.text(capital(heading), "strong")
            ways = [safe.item(id_) if id_ else url for id_, url in zip(some["id"], some["url"], strict=True)]
            safe.links(zip(some["what"], ways, strict=True))


@st.dialog("Keys")
def keys() -> None:
    """Show what can be done without a mouse."""
    st.markdown(
        "| Key | Does |\n| --- | --- |\n"
        "| `Ctrl+K`, `Tab` | search metrics, what was written down, components, issues and pull requests |\n"
        "| `?`, `K` | show these keys |\n"
        "| `Tab`, `Shift+Tab` | go on to the next link or choice, and back |\n"
        "| `←` `→` | change a choice in a row: the range, a group of charts |\n"
        "| `Enter` | open a link, a list or a card |\n"
        "| `↑` `↓` `←` `→` | move in a table; over it, the same rows are links that `Tab` reaches |\n"
        "| `Ctrl+F` | search in the table |\n"
        "| `Esc` | close what is open |"
    )
    safe.text(
        "“See the rows” under a chart opens what its newest mark is made of; Period there chooses another.", "note"
    )
