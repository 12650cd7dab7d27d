"""A page of several sections: one of them is drawn, and the choice is in the link."""

from collections.abc import Callable, Mapping

import streamlit as st

from data.journal import Journal

Sections = Mapping[str, Callable[[Journal], None]]  # what draws each, by its name; the first unless asked otherwise


def section(sections: Sections, key: str) -> str:
    """Draw the choice between some sections and return the name of the one chosen; `key` is what the link calls it."""
    names = list(sections)
    return st.segmented_control(
        "Section",
        names,
        default=names[0],
        required=True,
        key=key,
        bind="query-params",
        label_visibility="collapsed",
    )
