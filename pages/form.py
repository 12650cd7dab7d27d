"""A form made of the declaration of a kind: every field in its own form, what is wrong said in words, nothing lost."""

import contextlib
from datetime import date
from typing import Any

import streamlit as st

from data.journal import LINE, TEXT, Entry, Field, Journal, Kind
from metrics import METRICS
from pages import safe

TITLES = {metric.name: metric.title for metric in METRICS}
Words = dict[str, Any]


def form(journal: Journal, kind: Kind, seen: Entry | None, start: Words) -> Entry | None:
    """Draw the form of a kind and return what was accepted, None until then.

    `seen` is the entry it changes, as this reader saw it; `start` is what is filled in from the beginning.
    """
    safe.text(kind.question, "ask")
    with st.form(f"write-{kind.name}-{seen.id if seen else 'new'}-{seen.version if seen else 0}", border=False):
        body = {field.name: _asked(field, start.get(field.name)) for field in kind.fields}
        author = st.text_input("Your name, as colleagues know you", key="author", max_chars=LINE)
        sent = st.form_submit_button("Keep it", type="primary")
    if not sent:
        return None
    body = {name: value for name, value in body.items() if value not in (None, "")}
    wrong = kind.wrong(body) + ([] if author.strip() else ["Your name is still empty."])
    for told in wrong:
        safe.text(told, "strong")
    if wrong:
        return None
    return journal.write(
        kind.name, body, author.strip(), entry=seen.id if seen else None, base=seen.version if seen else 0
    )


def titled(name: str) -> str:
    """Return a metric's title, any other word as it stands."""
    return TITLES.get(name, name)


def _asked(field: Field, start: Any) -> Any:
    """Draw one field and return its answer as the journal keeps it."""
    if field.form == "view":
        return start
    asks = field.asks if field.needed else f"{field.asks} (may stay empty)"
    if field.form == "text":
        return st.text_area(asks, start or "", max_chars=TEXT).strip()
    if field.form == "day":
        with contextlib.suppress(TypeError, ValueError):
            start = date.fromisoformat(start)
        chosen = st.date_input(asks, start if isinstance(start, date) else None, format="YYYY-MM-DD")
        return chosen.isoformat() if isinstance(chosen, date) else None
    if field.form == "number":
        return st.number_input(asks, value=start if isinstance(start, (int, float)) else None)
    if field.form in {"choice", "metric"}:
        choices = list(TITLES if field.form == "metric" else field.choices)
        return st.selectbox(
            asks,
            choices,
            index=choices.index(start) if start in choices else None,
            format_func=titled,
            placeholder="",
        )
    return st.text_input(asks, start or "", max_chars=LINE).strip()
