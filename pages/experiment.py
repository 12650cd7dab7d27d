"""An experiment on a screen: what it could show, how far it is, and after its end one of three words with what stands behind it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import streamlit as st

import data
import metrics
from data.entry import Entry
from metrics import Metric, experiment
from metrics.experiment import BEFORE, Plan, Result, measured_in
from metrics.noted import counted, gathered
from metrics.words import capital, day, full_day
from pages import figure, reading, safe, sentences
from pages.parts import small
from pages.reading import View
from pages.words import Frame

DAY = timedelta(days=1)
SINCE = timedelta(weeks=4)  # after its end, still drawn


def could_show(body: dict[str, Any]) -> list[str]:
    """Return what a plan could show, to be read before it is kept. Raises CairnError for one that can show nothing."""
    its = experiment.plan(body)
    points, theirs = weeks(its.metric, its.area), _theirs(its)
    size = f"The smallest change that would matter is {its.matters:g} {measured_in(its.metric)}."
    return [experiment.could_show(its, points, data.team(), theirs), size]


def changed(seen: dict[str, Any], body: dict[str, Any]) -> bool:
    """Tell if what is judged differs between two versions of an experiment."""
    return any(seen.get(name) != body.get(name) for name in experiment.PLAN)


def weeks(metric: Metric, area: str | None) -> Frame:
    """Return the weeks of a metric as they are held against others. Raises CairnError for an area there is not."""
    edition = reading.edition()
    if area is not None:
        metrics.known(area, reading.names(edition, View(metric), "area"), "area")
    return reading.history(edition, View(_fewer(metric), area=area))


def _theirs(its: Plan) -> Frame | None:
    """Return the weeks of the area it is held against, None where there is none."""
    return weeks(its.metric, its.against) if its.against else None


def _fewer(metric: Metric) -> Metric:
    return replace(metric, minimum=min(metric.minimum, experiment.FEW))


Standing = tuple[Plan, str, Result | None]


def standing(entry: Entry) -> Standing | data.CairnError:
    """Return the plan, where it stands, and how it ended; of what is no plan, what it lacks."""
    try:
        its = experiment.plan(entry.answers)
        points, theirs, today = weeks(its.metric, its.area), _theirs(its), reading.today()
    except data.CairnError as lacks:
        return lacks
    return its, experiment.state(its, today, points), result(entry, its, points, theirs, today)


def result(entry: Entry, its: Plan, points: Frame, theirs: Frame | None, today: date) -> Result | None:
    """Return how an experiment ended with what else changed in its time, None before its end."""
    if experiment.state(its, today, points) != "ended":
        return None
    others = experiment.nearby(reading.between(reading.edition(), its.start, its.end + DAY), entry.id)
    return experiment.result(its, points, data.team(), today, others, theirs)


def card(
    entry: Entry,
    stands: Standing | data.CairnError,
    versions: list[Entry],
    *,
    alone: bool = False,
    drawn: bool = False,
) -> None:
    """Draw one experiment. While it runs nothing is said of how it goes.

    `alone` is on its own page; there its weeks are drawn, among others only where they are `drawn`: a chart takes its time.
    """
    body = entry.answers
    told = [str(body.get(name, "…")) for name in ("change", "whom", "outcome", "because")]
    believed = f"We believe that {told[0]} for {told[1]} will lead to {told[2]}, because {told[3]}"
    with st.container(border=not alone, key=f"experiment-{entry.id}", gap="xsmall"):
        if isinstance(stands, data.CairnError):
            safe.text(believed, "strong")
            for line in str(stands).splitlines():
                safe.text(line, "note")
            _ways(entry, None, alone=alone)
            return
        its, state, ended = stands
        if ended:
            safe.text(capital(ended.ended), "sentence", "h3")
        safe.text(believed, "strong")
        safe.text(_facts(body, its, ended=ended is not None), "note")
        if late := experiment.late(its, [(one.at.date(), one.answers) for one in versions]):
            safe.text(late, "note")
        if (alone or drawn) and state != "planned":
            _picture(entry, its)
        _what_is_known(its, state, ended)
        if learned := body.get("learned"):
            safe.text(f"What we learned: {learned}")
        safe.text(f"What would change our mind: {body.get('mind', 'not written down')}", "ask")
        _ways(entry, its, alone=alone)


def _facts(body: dict[str, Any], its: Plan, *, ended: bool) -> str:
    far = (
        f"{day(its.start)} to {full_day(its.end)}"
        if ended
        else f"{experiment.progress(its, reading.today())}, until {day(its.end)}"
    )
    against = f", held against {its.against}" if its.against else ""
    judged = f"judged by {its.metric.title}{f' of {its.area}' if its.area else ''}{against}, hoped {its.hoped}"
    matters = f"matters from {its.matters:g} {measured_in(its.metric)} on"
    asked = f"ask {body['owner']}" if body.get("owner") else ""
    return " · ".join(filter(None, (far, judged, matters, asked)))


def _seen(its: Plan) -> View:
    """Return the view of the weeks it is held against, its own, and some after its end."""
    until = min(its.end + SINCE, reading.today())
    return View(its.metric, area=its.area, reach=(its.start - timedelta(weeks=BEFORE), until + DAY))


def _picture(entry: Entry, its: Plan) -> None:
    """Draw the weeks it is judged by between the lines of its first and last day, and nothing of how they compare."""
    edition, view = reading.edition(), replace(_seen(its), metric=_fewer(its.metric))
    history = weeks(its.metric, its.area)
    points = reading.within(history, view.reach)
    complete = reading.complete_to(edition, its.metric)
    if complete is None or points["value"].isna().all():
        safe.text(sentences.nothing(view.metric, points, complete), "note")
        return
    usuals = [one for one in reading.usuals(view.metric, history) if one.since <= its.end]
    told = reading.noted(edition, view, points, reading.written(edition))
    others = [one for one in told if one.entry != entry.id]
    periods = list(zip(points["starts"], points["ends"], strict=True))
    caption = sentences.caption(its.metric, points, "week", complete)
    named = {its.start: "begins", its.end: "ends"}
    theirs, dashed = _theirs(its), ""
    if theirs is not None:
        theirs = reading.within(theirs, view.reach).assign(was=lambda those: those["starts"])
        dashed = f"dashed: {its.against}"
    picture = figure.draw(
        view,
        points,
        usuals,
        None,
        theirs,
        figure.Told(caption, dashed),
        noted=gathered(others, periods),
        named=named,
    )
    alt = (
        sentences.headline(its.metric, points, "week"),
        f"it begins on {full_day(its.start)} and ends on {full_day(its.end)}",
        *([dashed] if dashed else []),
        *([f"noted in this time: {counted(others)}"] if others else []),
    )
    small(view, points, picture, "; ".join(alt))
    band = sentences.band(its.metric, usuals[-1] if usuals else None)
    safe.text(" · ".join(filter(None, (sentences.sample(view.metric, points), band, dashed))), "note")


def _what_is_known(its: Plan, state: str, ended: Result | None) -> None:
    if ended:
        safe.text(ended.claim.words)
    elif state == "waiting":
        safe.text("It is over. Its verdict waits until its last week is read to the end.")
    else:
        safe.text(f"No verdict before {full_day(its.end)}: reading early finds things that are not there.")
    for guard in its.guards:
        points = weeks(guard, None)
        if ended:
            claim = experiment.held_against(guard, points, its.start, its.end + DAY, data.team(), ())
            safe.text(f"Meant to stay, {guard.title}: {claim.words.removesuffix(NO_OTHER)}", "note")
        else:
            inside = points[(points["starts"] >= its.start) & points["value"].notna()]
            come = f"comes in, read to {day(inside['ends'].max() - DAY)}" if len(inside) else "has no week in it yet"
            safe.text(f"Meant to stay, {guard.title}: {come}.", "note")


NO_OTHER = " No other change is noted in that time."


def _ways(entry: Entry, its: Plan | None, *, alone: bool) -> None:
    with st.container(horizontal=True, key=f"ways-{entry.id}"):
        if not alone:
            st.page_link("memory.py", label="Open", query_params={"entry": entry.id})
        if its:
            st.page_link("explore.py", label="Open the chart and the rows", query_params=_seen(its).link())
