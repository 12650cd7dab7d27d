"""Who looked at which page, where people log in: whoever may look may see it as well."""

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from data import looked
from data.looked import KEPT, Look
from metrics.words import full_day
from pages import login, safe
from pages.login import Person

COLUMNS = {"day": "Day", "page": "Page", "who": "Who"}


def note(who: Person | str | None, page: str) -> None:
    """Keep that somebody opened a page today, not again at every click there; nothing where nobody logs in."""
    if not isinstance(who, Person):
        return
    look = Look(datetime.now(UTC).date(), page, who.email)
    if st.session_state.get("looked") != str(look):
        looked.note(look)
        st.session_state["looked"] = str(look)


def draw() -> None:
    """Draw who looked at what on which day, the newest day first. Nobody is counted, and no time of day is known."""
    st.subheader("Who looked", anchor=False)
    if login.settings() is None:
        safe.text("Nobody logs in here, so nobody is told from anybody else, and nothing is kept of who looks.")
        return
    rows = [
        {"day": full_day(one.day), "page": one.page, "who": one.who} for one in looked.lately(datetime.now(UTC).date())
    ]
    safe.table(
        pd.DataFrame(rows, columns=list(COLUMNS)), COLUMNS, alt="Who looked at which page on which day", wide="who"
    )
    safe.text(f"Kept for {KEPT.days} days, once a day (UTC) and page. Everybody who may look can see this.", "note")
