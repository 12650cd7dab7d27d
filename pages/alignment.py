"""Alignment: EM and PM order the goals of a horizon apart; what they gave is shown when both have given theirs."""

import streamlit as st

from data.entry import Entry
from data.halves import APART, ROLE, ROLES, Round, rounds, waits, whole
from data.journal import Journal
from data.kinds import HORIZONS, ORDER, title
from metrics.words import full_day, series
from pages import goals, login, safe
from pages.form import NAMELESS, named, signature, signed

NONE = "There is no goal to order yet: write one under Goals."
FEW = "An order needs two goals or more of this horizon."
BLIND = "Each gives an order alone. Nobody sees either before both are given."


def draw(kept: Journal) -> None:
    """Draw what both gave last for the goals of a horizon and where they differ, and the form of a new order."""
    every = kept.entries("goal")
    if not every:
        safe.text(NONE)
        return
    horizon = st.segmented_control(
        "Horizon", list(HORIZONS), default=next(iter(HORIZONS)), required=True, key="horizon", bind="query-params"
    )
    its_rounds = given(kept, horizon)
    both(kept, next(filter(whole, its_rounds.values()), {}))
    about = open_round(its_rounds, horizon)
    if half := its_rounds.get(about):
        role, other = waits(half)
        day = full_day(half[role].at.date())
        safe.text(f"{role} gave an order on {day}. It is shown when {other} has given one.")
    those = goals.of(every, horizon)
    if len(those) < 2:
        safe.text(FEW)
        return
    give(kept, about, those)


def given(kept: Journal, horizon: str) -> dict[str, Round]:
    """Return the rounds in which the goals of a horizon were put in order, the newest first."""
    return {about: its for about, its in rounds(kept.entries(ORDER.name)).items() if about.startswith(horizon)}


def open_round(its_rounds: dict[str, Round], horizon: str) -> str:
    """Return the round the next order belongs to: the one that waits for its other half, else a new one."""
    waiting = (about for about, its in its_rounds.items() if not whole(its))
    return next(waiting, f"{horizon} goals, round {len(its_rounds) + 1}")


def both(kept: Journal, orders: Round) -> None:
    """Draw two orders side by side, and in words where they differ."""
    if not orders:
        return
    em, pm = (order(orders[role]) for role in ROLES)
    safe.text(differ(kept, em, pm), "lead")
    for place, role in zip(st.columns(2, gap="large"), ROLES, strict=True):
        with place:
            safe.text(f"{role}, {full_day(orders[role].at.date())}", "sentence", "h3")
            for nth, goal in enumerate(order(orders[role]), 1):
                safe.text(f"{nth}. {named(kept, goal)}")


def differ(kept: Journal, em: list[str], pm: list[str]) -> str:
    """Return in words where two orders differ most; the places of EM come first."""
    told = places(em, pm)
    most = max((abs(one - other) for _, one, other in told), default=0)
    if not most:
        return "Both orders are the same." if told else "The two orders have no goal in common."
    differ_most = [
        f"“{named(kept, goal)}” ({nth(one)} for EM, {nth(other)} for PM)"
        for goal, one, other in told
        if abs(one - other) == most
    ]
    same = [f"“{named(kept, goal)}”" for goal, one, other in told if one == other]
    agreed = f" You agree on the place of {series(same)}." if same else ""
    return f"You differ most on {series(differ_most)}.{agreed}"


def order(entry: Entry) -> list[str]:
    """Return the ids of the goals in the order that was given, the one that matters most first."""
    return str(entry.answers.get("goals") or "").split()


def places(one: list[str], other: list[str]) -> list[tuple[str, int, int]]:
    """Return each goal that both ordered with its place in either, counted from 1, those they differ on most first."""
    mine, yours = ([goal for goal in order if goal in one and goal in other] for order in (one, other))
    told = [(goal, mine.index(goal) + 1, yours.index(goal) + 1) for goal in mine]
    return sorted(told, key=lambda place: -abs(place[1] - place[2]))


def nth(place: int) -> str:
    """Return a place as it is said: 1st, 4th."""
    return f"{place}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(place, 'th') }"


def give(kept: Journal, about: str, those: list[Entry]) -> None:
    """Draw the form of an order and keep what it gives for a round."""
    safe.text("Give an order", "sentence", "h3")
    safe.text(BLIND, "note")
    safe.text(ORDER.question, "ask")
    if login.reads_only():
        return
    names = {one.id: title(one) for one in those}
    with st.form(f"order-{about}", border=False):
        role = st.radio("You are", ROLES, index=None, horizontal=True)
        picked = st.multiselect(
            "Pick all of them, what matters most first", list(names), format_func=names.__getitem__, placeholder=""
        )
        author = signature()
        sent = st.form_submit_button("Keep it", type="primary")
    if not sent:
        return
    wrong = [] if role else ["Say if you are EM or PM."]
    if len(picked) < len(names):
        wrong.append("Some goals have no place in your order yet.")
    if not author:
        wrong.append(NAMELESS)
    for told in wrong:
        safe.text(told, "strong")
    if wrong:
        return
    kept.write(ORDER.name, {APART: about, ROLE: role, "goals": " ".join(picked)}, author)
    signed(author)
    st.rerun()
