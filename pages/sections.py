"""A page of several sections: one of them is drawn, and the choice is in the link."""

from collections.abc import Callable, Iterable, Mapping

import streamlit as st

from data.journal import Journal

Sections = Mapping[str, Callable[[Journal], None]]  # what draws each, by its name


def choice(sections: Iterable[str], key: str) -> str:
    """Draw the choice between sections of these names and return the one chosen; `key` is what the link calls it."""
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
