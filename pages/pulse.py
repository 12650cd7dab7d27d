"""Pulse: how work feels, as three sentences and how many find them true. Nobody's answer is kept, so none can be shown."""

from datetime import date
from urllib.parse import urlencode, urljoin

import streamlit as st

from data.journal import Journal, journal
from data.pulse import FEWEST, ITEMS, LASTS, SCALE, Asking, Pulse
from metrics.pulse import Felt, felt, waiting
from pages import gut_check, login, reading, safe, words
from pages.sections import Sections, choice

KEPT = "What is kept is how often each answer was given. Who gave it, when, and which answers went together is kept nowhere."
ASKS = "What made the calmest of these months different?"


def answering(pulse: Pulse, code: str, today: date) -> bool:
    """Draw the three sentences for whoever has a code, and count the answers. Tells if they were given."""
    safe.text("How true was this in the last weeks?", "sentence", "h2")
    with st.form("pulse", border=False):
        answers = {
            item: st.segmented_control(f"{said}.", SCALE, key=f"pulse-{item}", width="stretch")
            for item, said in ITEMS.items()
        }
        safe.text(KEPT, "note")
        sent = st.form_submit_button("Send", type="primary")
    given = {item: SCALE.index(answer) for item, answer in answers.items() if answer}
    if sent and not given:
        safe.text("Nothing is answered yet.", "strong")
    elif sent:
        pulse.answer(code, given, today)
        st.query_params.pop("code", None)
        return True
    return False


def going_on(asking: Asking) -> None:
    """Draw how far the open pulse is."""
    until = words.day(asking.until)
    safe.text(
        f"A pulse is open until {until}: {asking.answered} of {asking.asked} have answered. It is told when it is over."
    )
    if login.reads_only():
        return
    code = st.text_input("Your code", key="pulse-code").strip()
    if code:
        st.query_params["code"] = code
        st.rerun()


def beginning(pulse: Pulse, today: date) -> None:
    """Draw the way to a new pulse; the codes are shown once."""
    with st.form("begin", border=False):
        people = st.number_input("For how many people?", min_value=FEWEST, value=FEWEST, step=1)
        safe.text(f"It stays open for {LASTS.days // 7} weeks. {KEPT}", "note")
        sent = st.form_submit_button("Begin this month's pulse")
    if sent:
        codes = pulse.ask(int(people), today)
        safe.text(
            "One link for each person. They are shown this once and kept nowhere: hand them out in any order.", "strong"
        )
        here = urljoin(st.context.url or "", f"{safe.root()}/pulse")
        st.code("\n".join(f"{here}?{urlencode({'code': code})}" for code in codes), language=None)


def told(found: list[Felt]) -> None:
    """Draw each sentence with how many in ten found it true, three months at a time."""
    safe.text(ASKS, "ask")
    for item, said in ITEMS.items():
        safe.text(f"“{said}”", "sentence", "h2")
        its = [one for one in found if one.item == item]
        latest = its[-1]
        safe.text(
            f"About {latest.tenths} in 10 found this mostly or fully true in {months(latest)};"
            f" the answers fit anything from {latest.low} to {latest.high} in 10 ({latest.people}).",
            "lead",
        )
        safe.spans(
            [(months(one), one.low, one.high - one.low, f"{one.low} to {one.high} in 10") for one in its],
            f"{said}: from how many to how many in ten found it true, three months at a time",
            (0, 10),
        )


def months(one: Felt) -> str:
    """Return the months that are told together: Aug to Oct 2026."""
    first, last = (date.fromisoformat(f"{month}-01") for month in (one.months[0], one.months[-1]))
    return f"{first:%b}{f' {first.year}' if first.year != last.year else ''} to {last:%b} {last.year}"


def felt_together(kept: Journal) -> None:
    """Draw the form for whoever came with a code; for everybody what was told, and how the pulse of this month stands."""
    today = reading.today()
    pulse = Pulse(kept)
    code = st.query_params.get("code")
    if code and not login.reads_only():
        pulse.check(code, today)
        place = st.empty()
        with place.container():
            given = answering(pulse, code, today)
        if not given:
            return
        place.empty()
        safe.text("Thank you. It is counted, and your code is forgotten.", "strong")
    closed = pulse.closed(today)
    if found := felt(closed):
        told(found)
    more = waiting(closed)
    safe.text(
        f"Three pulses are told together, so that nobody stands out by coming or going. The next after {words.amount(more, 'more pulse')}.",
        "note",
    )
    asking = pulse.asking(today)
    if asking:
        going_on(asking)
    elif not login.reads_only():
        beginning(pulse, today)


SECTIONS: Sections = {"How work feels": felt_together, "Gut check": gut_check.draw}


def page() -> None:
    """Draw the choice between the sections, and the one chosen; the choice is in the link."""
    chosen = choice(SECTIONS, key="feels")
    SECTIONS[chosen](journal())


page()
