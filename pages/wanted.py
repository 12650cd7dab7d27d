"""What three talks of the strategy hour are about: what customers said, what we could unlock, and the tools we ask for."""

from collections.abc import Callable
from datetime import date

import streamlit as st

from data.entry import Entry
from data.kinds import kind, number, over, title
from metrics.findings import LATELY, Theme, themes
from metrics.plan import DASH
from metrics.words import amount, capital, counted, day
from pages import reading, safe

MOST = 6  # findings of a theme that are listed
WEEKS = amount(LATELY.days // 7, "week")


def findings(since: date) -> None:
    """Draw what was found in twelve weeks by theme, and what of it is new since a day."""
    asked = {"write": "finding", "day": f"{reading.today()}", "shown": "hidden"}  # until somebody wants it told
    st.page_link("memory.py", label="New finding", query_params=asked)
    told = themes(reading.entries(), reading.today(), since)
    if not told:
        safe.text(f"Nothing was written down in the last {WEEKS}.", "note")
        return
    with st.container(gap="xsmall"):
        for one in told:
            safe.text(capital(one.name), "strong", "h3")
            safe.text(_count(one, since), "note")
            safe.links([(title(finding), safe.entry(finding.id)) for finding in one.findings[:MOST]])


def capabilities() -> None:
    """Draw what we could unlock, what each of them unlocks, the goal it serves and how many sprints it takes."""
    _listed("capability", "Nothing to unlock is written down.", "unlocks", _sprints, "goal", "owner")


def tools() -> None:
    """Draw the tools we ask for: what we do without, what each costs and the hours it may give back."""
    _listed("tool", "No tool is asked for.", "why", _hours, "cost", "owner")


def _listed(name: str, nothing: str, why: str, size: Callable[[Entry], str], *others: str) -> None:
    st.page_link("memory.py", label=f"New {name}", query_params={"write": name})
    there = [one for one in reading.entries() if one.kind == name and not over(one)]
    if not there:
        safe.text(nothing, "note")
    asks = {field.name: field.asks for field in kind(name).fields}
    for one in there:
        with st.container(border=True, gap="xsmall"):
            safe.links([(title(one), safe.entry(one.id))])
            safe.text(one.answers.get(why))
            facts = [f"{asks[other]}: {one.answers[other]}" for other in others if one.answers.get(other)]
            safe.text(" · ".join([*filter(None, [size(one)]), *facts]), "note")


def _sprints(one: Entry) -> str:
    told = _range(one)
    return f"Takes {told} sprints" if told else "How many sprints it takes is not known yet"


def _hours(one: Entry) -> str:
    told = _range(one)
    return f"May give back {told} hours a month" if told else "What it may give back is not known yet"


def _range(one: Entry) -> str:
    """Return from how much to how much, empty where either end is not known."""
    ends = [end for name in ("low", "high") if (end := number(one.answers.get(name))) is not None]
    return DASH.join(f"{end:g}" for end in sorted({*ends})) if len(ends) == 2 else ""


def _count(one: Theme, since: date) -> str:
    told = f"{capital(counted(len(one.findings)))} in the last {WEEKS}"
    if not one.new:
        return f"{told}, none since {day(since)}"
    return f"{told}, {counted(one.new)} since {day(since)}{'' if one.known else ': a new theme'}"
