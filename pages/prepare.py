"""Demo: what a week's demo will tell, in its order, what it could tell besides, and the demos of the past."""

from datetime import UTC, date, datetime, timedelta

import streamlit as st

import data
from data.entry import Entry, Kind
from data.journal import Journal, journal
from data.kinds import day as as_day
from data.kinds import kind, title
from metrics import demo
from metrics.proposals import Proposal
from pages import login, reading, safe, slide, telling
from pages.form import NAMELESS, form, signature, signed
from pages.words import amount, capital, full_day

SORTS = {  # what is written down for a demo, and what the list of each is called
    "story": "What somebody can do now",
    "finding": "What customers said",
    "lesson": "What we could have done otherwise",
    "joke": "The week's bad joke",
}
MOST = 20  # past demos, or stories that words find
WEEK = timedelta(weeks=1)


def page(edition: str) -> None:
    """Draw the form the link asks for, or everything about one week's demo."""
    kept, week = journal(), chosen()
    entry = next(iter(kept.history(st.query_params.get("change", "none"))[-1:]), None)
    writing = st.query_params.get("write")
    if entry and entry.kind in SORTS and entry.body is not None:
        write(kept, kind(entry.kind), entry, week)
    elif writing in SORTS:
        write(kept, kind(writing), None, week)
    else:
        prepare(edition, kept, week)


def chosen() -> date:
    """Return the first day of the week the link names, of this week where it names none."""
    told = as_day(st.query_params.get("week"))
    return demo.monday(told or reading.today())


def prepare(edition: str, kept: Journal, week: date) -> None:
    """Draw a week: the ways to its screen, what it tells, what it could tell, and other weeks."""
    told, entries = telling.slides(edition, week), reading.entries()
    with st.container(horizontal=True, vertical_alignment="center"):
        safe.text(f"The week of {full_day(week)}", "sentence", "h2", width="content")
        way("Earlier", "earlier", week=f"{week - WEEK}")
        way("Later", "later", week=f"{week + WEEK}")
        if week != demo.monday(reading.today()):
            way("This week", "this", week=f"{demo.monday(reading.today())}")
    seconds = round(sum(map(demo.dwell, told)) / 60, 1)
    safe.text(
        f"{capital(amount(len(told), 'slide'))}, about {seconds} minutes on a wall. Only what stands below as shown is told.",
        "note",
    )
    with st.container(horizontal=True, vertical_alignment="center", key="ways-demo"):
        asked = {"week": f"{week}", "mode": "live"}
        st.page_link("demo.py", label="Lead through it with the keys", query_params=asked)
        st.page_link(
            "demo.py", label="Speaker's notes, for a second window", query_params={"week": f"{week}", "notes": "1"}
        )
        st.page_link("demo.py", label="The wall, which turns by itself", query_params={"week": f"{week}"})
        st.page_link("demo.py", label="For paper or a PDF", query_params={"week": f"{week}", "print": "1"})
        edited = data.edition()
        fresh = telling.fresh(edited, datetime.now(UTC).replace(tzinfo=None)) if edited else ""
        st.download_button(
            "Take it along as one file",
            lambda: slide.file(told, f"Demo of {full_day(week)}", "light", fresh, telling.pictures(edition, told)),
            safe.file_name("demo", week.isoformat(), ending="html"),
            "text/html",
            on_click="ignore",
        )
    author = "" if login.reads_only() else signature(width=320)
    for sort, over in SORTS.items():
        listed(kept, sort, over, demo.of_week(entries, sort, week), author)
    with st.container(horizontal=True):
        for sort in SORTS if login.may_write() else ():
            way(f"New {kind(sort).title.lower()}", f"new-{sort}", week=f"{week}", write=sort)
    offered(edition, kept, week, entries, author)
    past(entries)


def listed(kept: Journal, sort: str, over: str, found: list[Entry], author: str) -> None:
    """Draw what is written down for a week, with what can be done about each."""
    if not found:
        return
    safe.text(over, "strong", "h3")
    for place, one in enumerate(found):
        shown = one.answers.get("shown") == "shown"
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            safe.text(title(one), "body" if shown else "note", width="content")
            if not shown:
                safe.text("hidden", "note", width="content")
            if not login.may_write():
                continue
            way("Change", f"change-{one.id}", week=st.query_params.get("week", ""), change=one.id)
            if st.button("Hide" if shown else "Show", key=f"shown-{one.id}", type="tertiary"):
                keep(kept, author, [(one, {"shown": "hidden" if shown else "shown"})])
            if place and sort == "story" and st.button("Earlier in the demo", key=f"up-{one.id}", type="tertiary"):
                order = [*found[: place - 1], one, found[place - 1], *found[place + 1 :]]
                keep(kept, author, [(entry, {"order": nth}) for nth, entry in enumerate(order, 1)])
            if sort == "lesson":
                asked = {"write": "follow_up", "of": one.id}
                st.page_link("memory.py", label="Follow-up", query_params=asked)


def offered(edition: str, kept: Journal, week: date, entries: list[Entry], author: str) -> None:
    """Draw what the week brought and no story tells yet; one click takes it."""
    told = {one.answers.get("url") for one in demo.of_week(entries, "story", week)}
    left = [one for one in telling.proposals(edition, week) if one.url not in told]
    safe.text("What the week brought besides", "strong", "h3")
    if not left:
        safe.text("Nothing that is not told above: no epic finished, nothing released, nothing merged.", "note")
    for place, one in enumerate(left):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if login.may_write() and st.button("Take as story", key=f"take-{place}"):
                take(kept, week, one, author, len(told))
            with st.container(gap=None):
                safe.links([(one.title, one.url)])
                was, now = one.changed
                changed = f"Before: {was}. Now: {now}" if now else ""
                safe.text(". ".join(said.removesuffix(".") for said in (one.sort, one.why, changed) if said), "note")


def take(kept: Journal, week: date, one: Proposal, author: str, after: int) -> None:
    """Write a proposal down as a story of the week, the last in its order."""
    was, now = one.changed
    body = {
        "title": one.title[:300],
        "why": one.why,
        "was": was,
        "now": now,
        "url": one.url[:300],
        "day": f"{week}",
        "order": after + 1,
        "shown": "shown",
    }
    if not author:
        safe.text(NAMELESS, "strong")
        return
    kept.write("story", {name: value for name, value in body.items() if value}, author)
    signed(author)
    st.rerun()


def keep(kept: Journal, author: str, changes: list[tuple[Entry, dict[str, object]]]) -> None:
    """Write changed entries down in the name of whoever asked for it."""
    if not author:
        safe.text(NAMELESS, "strong")
        return
    for one, words in changes:
        if any(one.answers.get(name) != value for name, value in words.items()):
            kept.write(one.kind, {**one.answers, **words}, author, entry=one.id, base=one.version)
    signed(author)
    st.rerun()


def past(entries: list[Entry]) -> None:
    """Draw the demos there were, or the stories that some words find."""
    safe.text("Demos that were", "strong", "h3")
    sought = st.text_input("Words to look for", key="sought", bind="query-params", max_chars=200, width=320)
    words = (sought or "").casefold().split()
    told = [
        one
        for one in entries
        if one.kind in SORTS and (when := as_day(one.answers.get("day"))) and when <= reading.today()
    ]
    if words:
        found = [
            one for one in told if all(word in " ".join(map(str, one.answers.values())).casefold() for word in words)
        ]
        for one in found[:MOST]:
            when = as_day(one.answers.get("day"))
            if when:
                way(f"{full_day(demo.monday(when))}: {title(one)}", f"found-{one.id}", week=f"{demo.monday(when)}")
        if not found:
            safe.text("Nothing holds all of these words.")
        return
    with st.container(horizontal=True):
        for week in demo.weeks(told)[:MOST]:
            way(full_day(week), f"week-{week}", week=f"{week}")


def write(kept: Journal, its: Kind, seen: Entry | None, week: date) -> None:
    """Draw the form of something a demo tells."""
    way("Back without writing", "back", week=f"{week}")
    safe.text(its.title, "sentence", "h2")
    start = {"day": f"{week}", "shown": "shown"} if seen is None else seen.answers
    form(kept, its, seen, start, lambda _: _show(week=f"{week}"))


def way(label: str, key: str, **where: str) -> None:
    """Draw the way to another state of this page."""
    st.button(label, key=f"way-{key}", type="tertiary", on_click=_show, kwargs=where)


def _show(**where: str) -> None:
    for name in ("write", "change", "week", "draft"):
        st.query_params.pop(name, None)
    st.query_params.update({name: value for name, value in where.items() if value})


page(reading.edition())
