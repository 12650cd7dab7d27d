"""The demo screen: a wall that tells the week by itself for days, or slides that somebody leads through with a keyboard.

All of its state is in the link: week, slide, mode, theme, scale. A wall keeps none at all, the time alone says which slide it
is, so it goes on where it should be after any interruption. Whatever goes wrong becomes a sentence, and the next turn tries again.
"""

import logging
import math
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

import data
from data.kinds import day
from metrics import demo
from metrics.demo import Slide
from pages import safe, telling
from pages.slide import THEMES, Foot, Picture, every, markup, style

TURN = 1.0  # seconds between two looks at the clock of a wall
LED = 15.0  # and of a demo that somebody leads, for the clock alone
NOTHING = Slide(
    "opening", "Cairn", "Nothing has been collected yet", ("As soon as there is something to tell, it is told here.",)
)
ONE_MOMENT = Slide(
    "opening", "Cairn", "One moment", ("Something is not there right now. This screen tries again by itself.",)
)
MODES = ("wall", "live")
KEYS = {"Right": 1, "Space": 1, "PageDown": 1, "Left": -1, "PageUp": -1}


def asked(name: str, least: float, most: float, usual: float) -> float:
    """Return a number that the link asks for, the usual one where it asks for none."""
    try:
        told = float(st.query_params.get(name, usual))
    except ValueError:
        return usual
    return min(most, max(least, told)) if math.isfinite(told) else usual


def one_of(name: str, choices: Sequence[str]) -> str:
    """Return which of some choices the link asks for, the first where it asks for none of them."""
    told = st.query_params.get(name)
    return told if told and told in choices else choices[0]


def slides() -> tuple[Slide, ...]:
    """Return the slides of the week the link asks for, or of the newest; a word about it where there is nothing or a fault."""
    try:
        edition = data.edition()
        if edition is None:
            return (NOTHING,)
        chosen = day(st.query_params.get("week"))
        return telling.slides(edition.name, demo.monday(chosen) if chosen else None)
    except Exception:  # whatever it is, a room looks at this screen
        logging.getLogger(__name__).exception("The demo could not be drawn; it is tried again.")
        return (ONE_MOMENT,)


def foot() -> Foot:
    """Return how fresh the numbers are, and the time; nothing of what cannot be read now."""
    try:
        return Foot(*_fresh_and_time())
    except Exception:
        logging.getLogger(__name__).exception("How fresh the demo is could not be read; it is tried again.")
        return Foot("")


def _fresh_and_time() -> tuple[str, str, str]:
    now = datetime.now(ZoneInfo(data.team().timezone))
    edition = data.edition()
    fresh = telling.fresh(edition, now.astimezone(UTC).replace(tzinfo=None)) if edition else ""
    return fresh, f"{now:%H:%M}", f"Reconnecting. What stands here is from {now:%H:%M}."


def pictures(told: Sequence[Slide]) -> dict[str, Picture]:
    """Return the pictures of some slides by their ids, none while they cannot be read."""
    try:
        edition = data.edition()
        return telling.pictures(edition.name, told) if edition else {}
    except Exception:
        logging.getLogger(__name__).exception("A picture of the demo could not be read; it is tried again.")
        return {}


def wall() -> None:
    """Draw the slide that is due by the clock."""
    told = slides()
    draw(told, due(told))


def led() -> None:
    """Draw the slide the link asks for."""
    told = slides()
    draw(told, linked(told))


def draw(told: Sequence[Slide], place: int) -> None:
    """Draw one of the slides, its place counted from 0."""
    one = told[place]
    safe.made(markup(one, place + 1, len(told), foot(), pictures([one]).get(one.picture)))


def printed() -> None:
    """Draw every slide under the other, a page for each on paper, with a word on how that becomes a PDF."""
    told = slides()
    safe.made(f"<style>{style(one_of('theme', ('light', 'dark')))}</style>")
    with st.container(key="demo-print"):
        way = "Print this page (Ctrl+P, on a Mac ⌘P) and choose 'Save as PDF' as the printer: each slide is a page."
        safe.text(way, "lead")
        week = st.query_params.get("week")
        st.page_link("prepare.py", label="Back to Prepare", query_params={"week": week} if week else None)
    safe.made(f'<div class="cairn-pages">{every(told, Foot(foot().fresh), pictures(told))}</div>')


def keys() -> None:
    """Draw the keys that lead on, back, to the first slide and out. A wall that is led by a key stays where it is led."""
    with st.container(key="demo-keys"):
        for key, step in KEYS.items():
            name = "Next" if step > 0 else "Back"
            st.button(f"{name} ({key})", shortcut=key, key=f"demo-{key}", on_click=_lead, args=(step,))
        st.button("First", shortcut="Home", key="demo-home", on_click=_lead, args=(0,))
        if st.button("Out", shortcut="Escape", key="demo-out"):
            week = st.query_params.get("week")
            st.switch_page("prepare.py", query_params={"week": week} if week else None)


def _lead(step: int) -> None:
    """Write the slide that a key leads to into the link. Where it is led from is known now alone: keys can be quicker than a page."""
    told = slides()
    here = due(told) if one_of("mode", MODES) == "wall" else linked(told)
    to = min(len(told), max(1, here + 1 + step)) if step else 1
    st.query_params.update({"mode": "live", "slide": str(to)})


def due(told: Sequence[Slide]) -> int:
    """Return the place of the slide that a wall shows now."""
    return demo.at(told, time.time() * asked("pace", 1, 20, 1))


def linked(told: Sequence[Slide]) -> int:
    """Return the place of the slide that the link asks for."""
    return int(asked("slide", 1, len(told), 1)) - 1


def notes() -> None:
    """Draw what whoever speaks has to hand, on a second window: every slide with what stands on it and what does not."""
    told = slides()
    for place, one in enumerate(told, 1):
        safe.text(f"{place} of {len(told)}: {one.headline}", "sentence", "h2")
        for line in filter(None, (*one.lines, one.thanks, one.ask)):
            safe.text(line, "note")
        for note in filter(None, (*one.notes, one.link)):
            safe.text(note, "lead")


def page() -> None:
    """Draw the screen: nothing but the slide, or the notes to all of them, or all of them for paper."""
    if st.query_params.get("notes") == "1":
        notes()
        return
    if st.query_params.get("print") == "1":
        printed()
        return
    theme, mode = one_of("theme", tuple(THEMES)), one_of("mode", MODES)
    safe.made(f"<style>{style(theme, asked('scale', 0.7, 1.3, 1))}</style>")
    keys()  # first, so that whoever sees a slide can lead on
    turning: Any = st.fragment(wall if mode == "wall" else led, run_every=TURN if mode == "wall" else LED)
    turning()


page()
