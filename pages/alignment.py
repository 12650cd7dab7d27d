"""Alignment: EM and PM order the goals of a horizon apart; what they gave is shown when both have given theirs."""

import streamlit as st

from data import orders
from data.journal import LINE, Entry, Journal
from data.kinds import HORIZONS, ORDER, title
from metrics.words import full_day, series
from pages import goals, safe
from pages.form import named

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
    stands = orders.horizons(kept.entries(ORDER.name)).get(horizon, orders.Horizon())
    both(kept, stands.both)
    for role, entry in stands.waiting.items():
        (other,) = (one for one in orders.ROLES if one != role)
        safe.text(f"{role} gave an order on {full_day(entry.at.date())}. It is shown when {other} has given one.")
    those = goals.of(every, horizon)
    if len(those) < 2:
        safe.text(FEW)
        return
    give(kept, horizon, those)


def both(kept: Journal, given: dict[str, Entry]) -> None:
    """Draw two orders side by side, and in words where they differ."""
    if not given:
        return
    em, pm = (orders.goals(given[role]) for role in orders.ROLES)
    safe.text(differ(kept, em, pm), "lead")
    for place, role in zip(st.columns(2, gap="large"), orders.ROLES, strict=True):
        with place:
            safe.text(f"{role}, {full_day(given[role].at.date())}", "sentence", "h3")
            for nth, goal in enumerate(orders.goals(given[role]), 1):
                safe.text(f"{nth}. {named(kept, goal)}")


def differ(kept: Journal, em: list[str], pm: list[str]) -> str:
    """Return in words where two orders differ most; the places of EM come first."""
    places = orders.apart(em, pm)
    most = max((abs(one - other) for _, one, other in places), default=0)
    if not most:
        return "Both orders are the same." if places else "The two orders have no goal in common."
    told = [
        f"“{named(kept, goal)}” ({nth(one)} for EM, {nth(other)} for PM)"
        for goal, one, other in places
        if abs(one - other) == most
    ]
    same = [f"“{named(kept, goal)}”" for goal, one, other in places if one == other]
    agreed = f" You agree on the place of {series(same)}." if same else ""
    return f"You differ most on {series(told)}.{agreed}"


def nth(place: int) -> str:
    """Return a place as it is said: 1st, 4th."""
    return f"{place}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(place, 'th') }"


def give(kept: Journal, horizon: str, those: list[Entry]) -> None:
    """Draw the form of an order and keep what it gives."""
    safe.text("Give an order", "sentence", "h3")
    safe.text(BLIND, "note")
    safe.text(ORDER.question, "ask")
    if st.session_state.get("name") and "author" not in st.session_state:
        st.session_state["author"] = st.session_state["name"]  # asked once
    names = {one.id: title(one) for one in those}
    with st.form(f"order-{horizon}", border=False):
        role = st.radio("You are", orders.ROLES, index=None, horizontal=True)
        picked = st.multiselect(
            "Pick all of them, what matters most first", list(names), format_func=names.__getitem__, placeholder=""
        )
        author = st.text_input("Your name, as colleagues know you", key="author", max_chars=LINE)
        sent = st.form_submit_button("Keep it", type="primary")
    if not sent:
        return
    wrong = [] if role else ["Say if you are EM or PM."]
    if len(picked) < len(names):
        wrong.append("Some goals have no place in your order yet.")
    if not author.strip():
        wrong.append("Your name is still empty.")
    for told in wrong:
        safe.text(told, "strong")
    if wrong:
        return
    body = {"whose": f"{role}, of the {horizon} goals", "role": role, "horizon": horizon, "goals": " ".join(picked)}
    kept.write(ORDER.name, body, author.strip())
    st.session_state["name"] = author.strip()
    st.rerun()
