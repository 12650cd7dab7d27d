"""Cover brief: what the other half, or a deputy, needs to step in tomorrow; to read, to print, to carry away."""

import streamlit as st

import data
from data.journal import begun, journal
from metrics import brief, digest
from pages import pencil, reading, safe
from pages.brief_part import draw
from pages.words import full_day

NONE = "Nothing is written down yet, so there is nothing to hand over. Memory is where it begins."


def page(edition: str) -> None:
    """Draw every part of the brief as of today, and the way to take it along."""
    if not begun():
        safe.text(NONE)
        return
    kept, today = journal(), reading.today()
    moving = list(reading.moved(edition, reading.moving(edition)))
    pencilled = pencil.read(kept)
    plan = pencilled.forecast() if pencilled.rocks else None
    parts = brief.brief(kept, today, [digest.headline(one) for one in moving], plan)
    with st.container(horizontal=True, vertical_alignment="center", key="brief-ways"):
        safe.text(
            f"As of {full_day(today)}. It is made anew whenever it is opened; nothing in it has to be kept up.", "note"
        )
        st.download_button(
            "Markdown",
            brief.as_md(parts, data.team().name, today),
            safe.file_name("cover-brief", today.isoformat(), ending="md"),
            "text/markdown",
        )
    for part in parts:
        draw(part)


page(reading.edition())
