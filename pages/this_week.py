"""The week in sixty seconds: what moved and what did not, each signal as a card, then the same charts, customers first."""

import streamlit as st

import metrics
from pages import notices, reading, safe, sentences
from pages.card import card
from pages.parts import grid

ORDER = (  # the same charts in the same places every week: customers, then what reaches them, then how the work flows
    "bugs_opened",
    "escaped_bugs",
    "age_of_open_bugs",
    "requests",
    "deployment_frequency",
    "change_lead_time",
    "change_fail_rate",
    "throughput",
)


def week(edition: str) -> None:
    """Draw what moved, in words, as cards and in charts."""
    views = [reading.here(metrics.metric(name)) for name in ORDER]
    if all(reading.empty(edition, view) for view in views):
        notices.nothing_happened()
        return
    watched = reading.watches(edition)
    for sentence in sentences.summary(watched, ORDER):
        safe.text(sentence, "lead")
    for place, one in enumerate(reading.moved(edition)):
        card(one, opened=place == 0 or one.signal.kind != "look")
    safe.text(sentences.chance(watched), "note")
    st.space("small")
    grid(edition, views)


week(reading.edition())
