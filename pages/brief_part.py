"""One part of a brief on a screen."""

from collections.abc import Callable

import streamlit as st

from metrics.brief import Line, Part
from pages import safe


def draw(part: Part, below: Callable[[Line], None] | None = None) -> None:
    """Draw one part: its question, then its lines, each with the way to what was written, and what `below` draws of it."""
    safe.text(part.title, "sentence", "h2")
    if not part.lines:
        safe.text(part.nothing, "note")
        return
    safe.text(part.asks, "ask")
    with st.container(gap=None, key=f"brief-{part.title}"):
        for one in part.lines:
            if one.entry:
                safe.links([(one.what, safe.entry(one.entry))])
            else:
                safe.text(one.what)
            if one.more:
                safe.text(one.more, "note")
            if below:
                below(one)
