"""Goals: destinations of three horizons, each with its number, how far, how sure and what changed; never a share done."""

from datetime import date

import streamlit as st

import data
import metrics
from data.entry import Entry
from data.journal import Journal
from data.kinds import HORIZONS, over
from metrics import Metric
from metrics.words import amount, capital, full_day
from pages import reading, review, safe, sentences
from pages.experiment import NO_OTHER, weeks
from pages.reading import View

NONE = "No goal is written down yet. A goal is a place we want to be at, and the number in which we would see it."
EMPTY = "No goal of this horizon yet."
NO_NUMBER = "No number is named in which it would be seen."
WAYS = {"up": ", meant to rise", "down": ", meant to fall", "stay as it is": ", meant to stay as it is"}


def draw(kept: Journal, *, suggested: bool = True) -> None:
    """Draw a lane for each horizon, and what is reached or let go below. `suggested` tells how many suggestions wait for each."""
    st.page_link("memory.py", label="New goal", query_params={"write": "goal"})
    goals = kept.entries("goal")
    if not goals:
        safe.text(NONE)
        return
    asked = [str(one.answers.get("on")) for one in kept.entries("suggestion") if suggested and not over(one)]
    for place, (horizon, far) in zip(st.columns(len(HORIZONS), gap="medium"), HORIZONS.items(), strict=True):
        with place:
            safe.text(f"{capital(horizon)}: {far}", "sentence", "h3")
            those = of(goals, horizon)
            for goal in those:
                card(kept, goal, asked.count(goal.id))
            if not those:
                safe.text(EMPTY, "note")
    if done := [one for one in goals if over(one)]:
        safe.text("Reached or let go", "sentence", "h3")
        told = [(f"{one.answers.get('destination')}: {one.answers.get('far')}", one) for one in done]
        safe.links([(name, safe.entry(one.id)) for name, one in told])


def of(goals: list[Entry], horizon: str) -> list[Entry]:
    """Return the goals of a horizon that are still ahead, in the order of the alphabet: nothing is ranked."""
    those = [one for one in goals if one.answers.get("horizon") == horizon and not over(one)]
    return sorted(those, key=lambda one: str(one.answers.get("destination", "")).casefold())


def card(kept: Journal, goal: Entry, suggested: int) -> None:
    """Draw one goal: where it leads, how far and how sure since when, its number, and its stones as their source tells them."""
    body, versions = goal.answers, kept.history(goal.id)
    with st.container(border=True, key=f"goal-{goal.id}", gap="xsmall"):
        safe.text(body.get("destination"), "strong", "h4")
        if kept.apart(goal.id):
            safe.text("Two people wrote at once. Open it to see both texts.", "lead")
        safe.text(f"How far: {body.get('far')}, since {full_day(since(versions, 'far'))}")
        because = f". {body['because']}" if body.get("because") else ""
        safe.text(f"How sure: {body.get('sure')}, since {full_day(since(versions, 'sure'))}{because}")
        if changed := body.get("changed"):
            safe.text(f"Changed on {full_day(since(versions, 'changed'))}: {changed}")
        seen = number(goal, versions)
        path(goal)
        with st.container(horizontal=True, key=f"ways-goal-{goal.id}"):
            st.page_link("memory.py", label="Open", query_params={"entry": goal.id})
            st.page_link("memory.py", label="Change it", query_params={"entry": goal.id, "change": str(goal.version)})
            suggest = {"write": "suggestion", "on": goal.id}
            st.page_link("memory.py", label="Suggest a change", query_params=suggest)
            if seen:
                st.page_link("explore.py", label="Its chart and rows", query_params=seen.link())
            if suggested:
                label = capital(f"{amount(suggested, 'suggestion')} open")
                st.button(label, key=f"suggested-{goal.id}", type="tertiary", on_click=_suggestions)


def _suggestions() -> None:
    st.session_state["section"] = "Suggestions"


def since(versions: list[Entry], *names: str) -> date:
    """Return the day from which on the answers to some fields are what they are now."""
    now = [versions[-1].answers.get(name) for name in names]
    day = versions[-1].at.date()
    for version in reversed(versions):
        if [version.answers.get(name) for name in names] != now:
            break
        day = version.at.date()
    return day


def number(goal: Entry, versions: list[Entry]) -> View | None:
    """Draw what the number of a goal did of late, what is usual for it, and if it moved; return the view that shows it."""
    body = goal.answers
    metric = next((one for one in metrics.METRICS if one.name == body.get("metric")), None)
    if metric is None:
        safe.text(NO_NUMBER, "note")
        return None
    area, edition = body.get("area") or None, reading.edition()
    try:
        points = weeks(metric, area)
    except data.CairnError as error:
        safe.text(str(error), "note")
        return None
    way = WAYS.get(str(body.get("way")), "")
    safe.text(f"Seen in {metric.title}{f' of {area}' if area else ''}{way}", "note")
    recent = reading.within(points, reading.reach())
    if recent.empty or recent["value"].isna().all():
        lacks = reading.lacks(edition, metric)
        safe.text(lacks or sentences.nothing(metric, recent, reading.complete_to(edition, metric)))
    else:
        safe.text(f"{sentences.headline(metric, recent, 'week')}.")
        ranges = reading.usuals(metric, points)
        safe.text(capital(sentences.band(metric, ranges[-1] if ranges else None)), "note")
        if not metric.private:
            moved(goal, metric, area, since(versions, "metric", "area"))
    return View(metric, reach=reading.reach(), area=area)


def moved(goal: Entry, metric: Metric, area: str | None, day: date) -> None:
    """Draw what can be said of a number since a day: where it moved, both sides and how much; else why it cannot be told."""
    both, claim = review.since(metric, area, day, goal.id)
    told = claim.words.split(" Other changes")[0].removesuffix(NO_OTHER)
    if claim.verdict != "different":
        safe.text(f"Since {full_day(day)}: {told}", "note")
        return
    safe.text(both, "strong")
    safe.text(told, "note")
    with st.popover("Not proof of cause: what else changed", type="tertiary"):
        for other in claim.nearby or ("Nothing else is noted in that time.",):
            safe.text(other)


def path(goal: Entry) -> None:
    """Draw the stones with how they stand; one that no source knows says so."""
    told = reading.stones(reading.edition(), str(goal.answers.get("stones") or ""))
    if not told:
        return
    with st.container(key=f"stones-{goal.id}", gap=None):
        safe.text("Stones on the path", "note")
        safe.links([(f"{one.name}: {one.state}", safe.item(one.id) if one.id else one.url) for one in told])
