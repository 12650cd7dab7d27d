"""The life of one pull request or issue: what happened when, how long it was where, what hangs together with it. No person."""

from datetime import datetime, timedelta
from urllib.parse import parse_qsl

import pandas as pd
import streamlit as st

import data
from metrics.story import Related, Stay, Story
from pages import reading, safe, words
from pages.rows import as_links

NONE = "There is no pull request and no issue here of the kind the link names. It may have been deleted, or its source is no longer read."
LONGEST = 200
LONGEST_WAY = 2_000
WAY = {
    "metric",
    "every",
    "range",
    "first",
    "last",
    "slice",
    "area",
    "kind",
    "team",
    "compare",
    "seen",
    "period",
    "of",
    "find",
}
RELATED = {"how": "How", "what": "What", "at": "When", "url": "Source"}


def page(edition: str) -> None:
    """Draw the pull request or issue that the link names."""
    id_ = st.query_params.get("id", "")
    one = reading.story(edition, id_) if 0 < len(id_) <= LONGEST else None
    if one is None:
        safe.text(NONE, "lead")
        st.page_link("explore.py", label="To the rows of any number")
        return
    zone = data.team().timezone
    back_to_rows()
    with st.container(key="piece", gap="xsmall"):
        safe.text(f"{one.kind} {one.name}", "note")
        safe.text(one.title or "(no title)", "piece", "h2")
        safe.text(" · ".join(f"{name}: {value}" for name, value in one.facts), "note")
        address = safe.link(one.url)
        if address:
            st.link_button("Open at its source", address, icon=":material/open_in_new:")
        elif one.url:
            safe.text("Its link is left out: it leads to no GitHub or Jira that this team reads.", "note")
    left, right = st.columns(2, gap="large")
    with left:
        safe.text("What happened", "sentence", "h3")
        safe.moments(
            [(words.moment(it.at, zone), it.what, it.said) for it in one.moments], "What happened, the oldest first"
        )
    with right:
        safe.text("How long it was where", "sentence", "h3")
        stays(one)
    if one.related:
        safe.text("What hangs together with it", "sentence", "h3")
        related(one.related)


def back_to_rows() -> None:
    """Draw the way back to the rows this was opened from, where the link tells it."""
    told = parse_qsl(st.query_params.get("back", "")[:LONGEST_WAY])
    way = {name: value for name, value in told if name in WAY}
    if way:
        with st.container(key="ways-back"):
            st.page_link("explore.py", label="Back to the rows", query_params=way)


def stays(one: Story) -> None:
    """Draw a bar for each phase or status, from when it began to when it ended, on one scale."""
    if not one.stays:
        safe.text("Nothing is known of it.", "note")
        return
    first = min(stay.since for stay in one.stays)
    ends = [stay.until or one.known_to or stay.since for stay in one.stays]
    now = max(ends)
    told = [
        (
            stay.name if stay.what in {"", stay.name.lower()} else f"{stay.name} ({stay.what})",
            hours(stay.since - first),
            hours((stay.until or now) - stay.since),
            lasted(stay, now),
        )
        for stay in one.stays
    ]
    safe.spans(told, "How long it was where, each bar from its beginning to its end", (0.0, hours(now - first)))
    whole = now - first
    safe.text(f"{words.capital(span(whole))} from the first to the last of it, nights and weekends counted.", "note")


def lasted(stay: Stay, now: datetime) -> str:
    """Return how long a stay lasted, or has lasted so far."""
    return span((stay.until or now) - stay.since) + ("" if stay.until else " so far")


def span(time: timedelta) -> str:
    """Return a stretch of time as it is said: 12 min, 5.3 h, 4.1 days."""
    minutes = time.total_seconds() / 60
    if minutes < 60:
        return f"{minutes:.0f} min"
    return f"{words.two_figures(minutes / 60)} h" if minutes < 60 * 48 else f"{words.two_figures(minutes / 1440)} days"


def hours(time: timedelta) -> float:
    """Return a stretch of time in hours."""
    return time.total_seconds() / 3600


def related(those: tuple[Related, ...]) -> None:
    """Draw what hangs together with it; a click on a pull request or an issue leads to its life."""
    frame = pd.DataFrame([{"how": one.how, "what": one.what, "at": one.at, "url": one.url} for one in those])
    as_links(frame)
    shown = reading.local(frame, "at")
    safe.table(
        shown,
        RELATED,
        alt="What hangs together with it",
        wide="what",
        source="url",
        key="related",
        on_select="rerun",
    )
    cell = safe.picked("related")
    if cell and cell[1] not in {"url", "note"} and cell[0] < len(those) and (id_ := those[cell[0]].id):
        st.switch_page("item.py", query_params={"id": id_})


page(reading.edition())
