"""A form made of the declaration of a kind: every field in its own form, what is wrong said in words, nothing lost."""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import streamlit as st

from data import CairnError
from data.entry import LINE, TEXT, Entry, Field, Kind
from data.journal import Journal
from data.kinds import day, title
from metrics import METRICS
from pages import draft, login, picture, safe

TITLES = {metric.name: metric.title for metric in METRICS}
NAMELESS = "Your name is still empty."
PAUSE = "1s"  # without another letter, until a line is kept as a draft
Words = dict[str, Any]
Check = Callable[[Words], list[str]]  # what has to be read before it is kept; raises CairnError for what cannot be kept
Then = Callable[[Entry], object]


@st.fragment
def form(  # noqa: PLR0913, PLR0917  all that a form is told
    journal: Journal, kind: Kind, seen: Entry | None, start: Words, then: Then, check: Check | None = None
) -> None:
    """Draw the form of a kind; when what it says was accepted, do `then` with it and draw the page anew.

    `seen` is the entry it changes, as this reader saw it; `start` is what is filled in from the beginning. What `check` says of
    the answers is shown before anybody can keep them. What is typed is a draft until then: in the journal a second after the
    last letter of a line, and as soon as any other place is left.
    """
    safe.text(kind.question, "ask")
    if login.reads_only():
        return
    its, so_far = draft.of(journal, kind, seen)
    name = f"write-{kind.name}-{seen.id if seen else 'new'}-{seen.version if seen else 0}-{its}"
    read: list[str] | None = st.session_state.get(f"read-{name}")
    typed = partial(draft.keep, journal, kind, seen, its, name) if its else None
    begun = start | so_far
    given = {
        field.name: picture.asked(journal, field, begun.get(field.name))
        if field.form == "pictured"
        else _asked(journal, field, begun.get(field.name), f"{name}-{field.name}", typed)
        for field in kind.fields
    }
    author = signature()
    for told in read or []:
        safe.text(told, "strong")
    first = check is not None and read is None and seen is None
    sent = st.button("What could it show?" if first else "Keep it", key=f"send-{name}", type="primary")
    if not sent and not st.session_state.get(f"sent-{name}"):
        return
    pictures, body = picture.apart({name: value for name, value in given.items() if value not in (None, "")})
    wrong = kind.wrong(body) + picture.wrong(pictures) + ([] if author else [NAMELESS])
    if sent and check and not wrong:
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
    st.session_state[f"sent-{name}"] = bool(wrong)  # what is wrong stays there until it is mended
    if wrong or not sent:
        return
    st.session_state.pop(f"read-{name}", None)
    signed(author)
    body |= picture.keep(journal, pictures, author)
    then(journal.write(kind.name, body, author, entry=seen.id if seen else None, base=seen.version if seen else 0))
    draft.put_away(journal, its)
    st.query_params.pop("draft", None)
    st.rerun()


def signature(key: str = "author", width: int | Literal["stretch"] = "stretch") -> str:
    """Draw the question for a name and return it, empty when there is none; whoever has `signed` is not asked again."""
    known: str = st.session_state.get("name", "")
    asks = "Your name, as colleagues know you"
    return st.text_input(asks, known, key=key, max_chars=LINE, live=PAUSE, width=width).strip()


def signed(author: str) -> None:
    """Remember, as long as the page is open, who wrote last."""
    st.session_state["name"] = author


def titled(name: str) -> str:
    """Return a metric's title, any other word as it stands."""
    return TITLES.get(name, name)


def _asked(journal: Journal, field: Field, start: Any, key: str, typed: Callable[[], None] | None) -> Any:
    """Draw one field and return its answer as the journal keeps it; `typed` is done whenever that changes."""
    if field.form in {"view", "entry", "entries", "picture"}:
        if field.form == "picture":
            safe.picture(start)
        if start and field.form == "entry":
            safe.text(f"{field.asks}: {named(journal, str(start))}")
        return start
    asks = field.asks if field.needed else f"{field.asks} (may stay empty)"
    if field.form == "text":
        return draft.answer(st.text_area(asks, start or "", max_chars=TEXT, key=key, on_change=typed))
    if field.form == "day":
        return draft.answer(st.date_input(asks, day(start), format="YYYY-MM-DD", key=key, on_change=typed))
    if field.form == "number":
        begun = start if isinstance(start, (int, float)) else None
        return st.number_input(asks, value=begun, key=key, on_change=typed)
    if field.form in {"choice", "metric"}:
        choices = list(TITLES if field.form == "metric" else field.choices)
        return st.selectbox(
            asks,
            choices,
            index=choices.index(start) if start in choices else None,
            format_func=titled,
            placeholder="",
            key=key,
            on_change=typed,
        )
    return draft.answer(st.text_input(asks, start or "", max_chars=LINE, live=PAUSE, key=key, on_change=typed))


def named(journal: Journal, entry: str) -> str:
    """Return what an entry is called, by its id; words that are no id stay as they are."""
    versions = journal.history(entry)
    return title(versions[-1]) if versions else entry
