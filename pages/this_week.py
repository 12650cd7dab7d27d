"""The week in sixty seconds: what moved and what did not, the same charts every week, customers first, each signal as a card."""

import streamlit as st

import metrics
from data.kinds import kind, title
from pages import notices, reading, safe, sentences
from pages.card import card
from pages.parts import grid
from pages.reading import THIS_WEEK

MOST = 12  # entries of the journal named
NARROWED = "These sentences and cards are about everything; the charts below are those of the part you chose."


def week(edition: str) -> None:
    """Draw what moved, in words, as cards and in charts."""
    views = [reading.here(metrics.metric(name)) for name in THIS_WEEK]
    if all(reading.empty(edition, view) for view in views):
        notices.nothing_happened()
        return
    watched, moving = reading.watches(edition), reading.moving(edition)
    with st.container(gap="xsmall"):
        for sentence in sentences.summary(watched, THIS_WEEK):
            safe.text(sentence, "lead")
    if waiting := reading.due():
        alone = len(waiting) == 1
        label = "1 entry of the journal is due" if alone else f"{len(waiting)} entries of the journal are due"
        st.page_link("memory.py", label=label, query_params={"entry": waiting[0].id} if alone else None)
    if written := reading.written_lately():
        with st.popover(f"Written down this week: {len(written)}", type="tertiary"):
            safe.links([(f"{kind(one.kind).title}: {title(one)}", safe.entry(one.id)) for one in written[:MOST]])
            if len(written) > MOST:
                st.page_link("memory.py", label="All of it")
    if st.session_state.get("team"):
        safe.text(NARROWED, "note")
    places = [st.container() for _ in moving]  # a story may take half a second, so the charts are drawn before
    safe.text(sentences.chance(watched), "note")
    st.space("small")
    grid(edition, views)
    for nth, (place, one) in enumerate(zip(places, reading.moved(edition, moving), strict=True)):
        with place:
            card(one, opened=nth == 0 and moving[nth].state != "look")


week(reading.edition())
