"""The review of a decision: on its day, the number it was meant to show in, before and since, and what can be done now."""

from dataclasses import replace
from datetime import date, timedelta

import streamlit as st

import data
import metrics
from data.journal import Entry
from data.kinds import DECISION
from metrics import Metric, experiment
from metrics.words import amount, full_day, number, unit
from pages import reading, safe
from pages.experiment import weeks
from pages.parts import chart
from pages.words import Frame


def review(entry: Entry) -> None:
    """Draw the number before and since the day a decision took effect, once the day of its review has come."""
    body, today = entry.body or {}, reading.today()
    metric = next((one for one in metrics.METRICS if one.name == body.get("metric")), None)
    if metric is None or metric.private or str(body.get("review", "")) > today.isoformat():
        return
    begins = date.fromisoformat(body["since"]) if body.get("since") else entry.at.date()
    points = weeks(metric, None)
    others = experiment.nearby(reading.between(reading.edition(), begins, today), entry.id)
    claim = experiment.held_against(metric, points, begins, today + timedelta(days=1), data.team(), others)
    st.subheader("Before and since", anchor=False)
    safe.text(_sides(metric, points, begins, today), "strong")
    safe.text(claim.words)
    if expected := body.get("expected"):
        safe.text(f"What we expected to see: {expected}", "ask")
    chart(reading.edition(), replace(reading.here(metric), reach="12 months"))


def ways(entry: Entry) -> dict[str, dict[str, str]]:
    """Return what can be done with a decision, an experiment, a topic or a follow-up, each with what its form begins with."""
    body = {name: str(value) for name, value in (entry.body or {}).items()}
    of = {"of": entry.id}
    about = {name: body[name] for name in ("metric", "view") if body.get(name)}
    try_out = {"write": "experiment", **of, **{name: body[name] for name in ("metric",) if body.get(name)}}
    follow = {"write": "follow_up", **of}
    if entry.kind == "topic":
        decide = {"write": "decision", "context": body.get("what", ""), **about}
        return {"Decide something about it": decide, "Try something out": try_out, "Follow-up": follow}
    if entry.kind == "experiment":
        decide = {"write": "decision", "context": f"An experiment: {body.get('change', '')}", **about}
        return {"Decide something about it": decide, "Follow-up": follow}
    if entry.kind == "decision":
        later = (reading.today() + (DECISION.rhythm or timedelta())).isoformat()
        again = {"entry": entry.id, "change": str(entry.version), "review": later}
        other = {"write": "decision", "instead": entry.id, "context": body.get("context", ""), **about}
        return {
            "Keep it, and look again later": again,
            "Decide otherwise": other,
            "Try it out": try_out,
            "Follow-up": follow,
        }
    return {}


def _sides(metric: Metric, points: Frame, begins: date, today: date) -> str:
    """Return what was usual before and since in a sentence; where there is no week, that there is none."""
    before, after = experiment.around(points, begins, today + timedelta(days=1), data.team())
    told = []
    for side, name in ((before["value"].dropna(), f"before {full_day(begins)}"), (after["value"].dropna(), "since")):
        middle = f"about {number(side.median(), metric)}{unit(metric)} in" if len(side) else "nothing known in"
        told.append(f"{middle} the {amount(len(side), 'week')} {name}")
    return f"{metric.title}: {told[0]}, {told[1]}."
