"""Facets: how many rows each area and kind has under the other filter. A click filters by it, another takes it back."""

from functools import partial

import streamlit as st

from pages import reading, safe
from pages.reading import By, View

NOTES = {"area": "Rows in sight by area: click to filter.", "kind": "Rows in sight by kind: click to filter."}


def facets(edition: str, view: View) -> None:
    """Draw the areas and kinds of the rows in sight with their counts."""
    for by in ("area", "kind"):
        found = reading.facets(edition, view, by)
        chosen = getattr(view, by)
        chosen = chosen if isinstance(chosen, str) else None  # the areas of a team are all in sight
        if len(found) < 2 and chosen is None:
            continue
        names = found["name"].tolist()
        place = names.index(chosen) + 1 if chosen in names else 0
        key = f"facet-{by}-{place}"  # a new table after each choice: the next click counts, on the same cell too
        told = found.assign(chosen=["✓" if name == chosen else "" for name in names])
        columns = {"name": by.capitalize(), "rows": "Rows"} | ({"chosen": "Filter"} if chosen else {})
        safe.text(NOTES[by], "note")
        safe.table(
            told, columns, alt=f"Rows by {by}, click to filter", key=key, on_select=partial(choose, by, names, key)
        )


def choose(by: By, names: list[str], key: str) -> None:
    """Filter by the name that was clicked, or no longer by it."""
    cell = safe.picked(key)
    if cell is None:
        return
    name = names[cell[0]]
    if by == "area":
        st.session_state["area"] = None if st.session_state["area"] == name else name
    else:
        st.session_state["kind"] = None if st.session_state["kind"] == name else name
    st.session_state["sheet"] = 1
