"""The review of a decision: on its day, the number it was meant to show in, before and since, and what can be done now."""

from dataclasses import replace
from datetime import date, timedelta

import streamlit as st

import data
import metrics
from data.entry import Entry
from data.journal import Journal
from data.kinds import BY_NAME, DECISION, SUGGESTED_ON, kind
from metrics import Metric, experiment
from metrics.before_after import Claim
from metrics.words import amount, full_day, number, unit
from pages import reading, safe
from pages.experiment import weeks
from pages.parts import chart
from pages.words import Frame


def review(entry: Entry) -> None:
    """Draw the number before and since the day a decision took effect, once the day of its review has come."""
    body, today = entry.answers, reading.today()
    metric = next((one for one in metrics.METRICS if one.name == body.get("metric")), None)
    if metric is None or metric.private or str(body.get("review", "")) > today.isoformat():
        return
    begins = date.fromisoformat(body["since"]) if body.get("since") else entry.at.date()
    both, claim = since(metric, None, begins, entry.id)
    st.subheader("Before and since", anchor=False)
    safe.text(both, "strong")
    safe.text(claim.words)
    if expected := body.get("expected"):
        safe.text(f"What we expected to see: {expected}", "ask")
    chart(reading.edition(), replace(reading.here(metric), reach="12 months"))


def since(metric: Metric, area: str | None, begins: date, its_own: str) -> tuple[str, Claim]:
    """Return what was usual for a number before and since a day, in a sentence, and what that lets anybody say."""
    points, today = weeks(metric, area), reading.today()
    others = experiment.nearby(reading.between(reading.edition(), begins, today), its_own)
    claim = experiment.held_against(metric, points, begins, today + timedelta(days=1), data.team(), others)
    return _sides(metric, points, begins, today), claim


def next_after(kept: Journal, accepted: Entry) -> dict[str, str]:
    """Return where a writer goes on: to the form of what a suggestion that was taken is about, else to what was written."""
    if accepted.kind == "suggestion" and accepted.answers.get("state") == "taken":
        return next(iter(ways(kept, accepted).values()), {"entry": accepted.id})
    return {"entry": accepted.id}


def ways(kept: Journal, entry: Entry) -> dict[str, dict[str, str]]:
    """Return what can be done with an entry, each with what its form begins with."""
    if entry.kind == "suggestion":
        return _ways_of_suggestion(kept, entry)
    if entry.kind in SUGGESTED_ON:
        return {**_again(entry), "Suggest a change": {"write": "suggestion", "on": entry.id}}
    body = {name: str(value) for name, value in entry.answers.items()}
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


def _again(goal: Entry) -> dict[str, dict[str, str]]:
    """Return the way to say anew how far a goal is, and when it comes back; nothing for what does not come back."""
    its = kind(goal.kind)
    if not its.due or not its.rhythm:
        return {}
    later = (reading.today() + its.rhythm).isoformat()
    return {"Say how far we are": {"entry": goal.id, "change": str(goal.version), its.due: later}}


def _ways_of_suggestion(kept: Journal, entry: Entry) -> dict[str, dict[str, str]]:
    """Return that an open suggestion can be taken or declined, and that what a taken one is about can be changed by hand."""
    body = entry.answers
    answer = {"entry": entry.id, "change": str(entry.version)}
    if body.get("state") == "open":
        return {"Take it": {**answer, "state": "taken"}, "Decline it": {**answer, "state": "declined"}}
    about = kept.history(str(body.get("on") or ""))
    if body.get("state") != "taken" or not about or about[-1].body is None:
        return {}
    now = about[-1]
    changed = {"entry": now.id, "change": str(now.version), "suggested": entry.id, "changed": str(body.get("what", ""))}
    return {f"Change the {BY_NAME[now.kind].title.lower()} as was suggested": changed}


def _sides(metric: Metric, points: Frame, begins: date, today: date) -> str:
    """Return what was usual before and since in a sentence; where there is no week, that there is none."""
    before, after = experiment.around(points, begins, today + timedelta(days=1), data.team())
    told = []
    for side, name in ((before["value"].dropna(), f"before {full_day(begins)}"), (after["value"].dropna(), "since")):
        middle = f"about {number(side.median(), metric)}{unit(metric)} in" if len(side) else "nothing known in"
        told.append(f"{middle} the {amount(len(side), 'week')} {name}")
    return f"{metric.title}: {told[0]}, {told[1]}."
