"""A form made of the declaration of a kind: every field in its own form, what is wrong said in words, nothing lost."""

from collections.abc import Callable
from typing import Any, Literal

import streamlit as st

from data import CairnError
from data.entry import LINE, TEXT, Entry, Field, Kind
from data.journal import Journal
from data.kinds import day, title
from metrics import METRICS
from pages import picture, safe

TITLES = {metric.name: metric.title for metric in METRICS}
NAMELESS = "Your name is still empty."
Words = dict[str, Any]
Check = Callable[[Words], list[str]]  # what has to be read before it is kept; raises CairnError for what cannot be kept


def form(journal: Journal, kind: Kind, seen: Entry | None, start: Words, check: Check | None = None) -> Entry | None:
    """Draw the form of a kind and return what was accepted, None until then.

    `seen` is the entry it changes, as this reader saw it; `start` is what is filled in from the beginning. What `check` says of
    the answers is shown before anybody can keep them.
    """
    safe.text(kind.question, "ask")
    name = f"write-{kind.name}-{seen.id if seen else 'new'}-{seen.version if seen else 0}"
    read: list[str] | None = st.session_state.get(f"read-{name}")
    with st.form(name, border=False):
        given = {
            field.name: (picture.asked if field.form == "pictured" else _asked)(journal, field, start.get(field.name))
            for field in kind.fields
        }
        author = signature()
        for told in read or []:
            safe.text(told, "strong")
        first = check is not None and read is None and seen is None
        sent = st.form_submit_button("What could it show?" if first else "Keep it", type="primary")
    if not sent:
        return None
    pictures, body = picture.apart({name: value for name, value in given.items() if value not in (None, "")})
    wrong = kind.wrong(body) + picture.wrong(pictures) + ([] if author else [NAMELESS])
    if check and not wrong:
        try:
            said = check(body)
        except CairnError as error:
            wrong = str(error).splitlines()
        else:
            if said and said != read:  # the first time, and whenever an answer changed what it could show
                st.session_state[f"read-{name}"] = said
                st.rerun()
    for told in wrong:
        safe.text(told, "strong")
    if wrong:
        return None
    st.session_state.pop(f"read-{name}", None)
    signed(author)
    body |= picture.keep(journal, pictures, author)
    return journal.write(kind.name, body, author, entry=seen.id if seen else None, base=seen.version if seen else 0)


def signature(key: str = "author", width: int | Literal["stretch"] = "stretch") -> str:
    """Draw the question for a name and return it, empty when there is none; whoever has `signed` is not asked again."""
    known: str = st.session_state.get("name", "")
    return st.text_input("Your name, as colleagues know you", known, key=key, max_chars=LINE, width=width).strip()


def signed(author: str) -> None:
    """Remember, as long as the page is open, who wrote last."""
    st.session_state["name"] = author


def titled(name: str) -> str:
    """Return a metric's title, any other word as it stands."""
    return TITLES.get(name, name)


def _asked(journal: Journal, field: Field, start: Any) -> Any:
    """Draw one field and return its answer as the journal keeps it."""
    if field.form in {"view", "entry", "entries", "picture"}:
        if field.form == "picture":
            safe.picture(start)
        if start and field.form == "entry":
            safe.text(f"{field.asks}: {named(journal, str(start))}")
        return start
    asks = field.asks if field.needed else f"{field.asks} (may stay empty)"
    if field.form == "text":
        return st.text_area(asks, start or "", max_chars=TEXT).strip()
    if field.form == "day":
        chosen = st.date_input(asks, day(start), format="YYYY-MM-DD")
        return chosen.isoformat() if chosen else None
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


def named(journal: Journal, entry: str) -> str:
    """Return what an entry is called, by its id; words that are no id stay as they are."""
    versions = journal.history(entry)
    return title(versions[-1]) if versions else entry
