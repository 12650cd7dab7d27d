"""What is typed into a form and not sent yet: it lies in the journal a moment later, and a link leads back to it."""

import uuid
from dataclasses import replace
from datetime import date
from typing import Any

import streamlit as st

from data.entry import Entry, Kind
from data.halves import APART
from data.journal import Journal
from data.kinds import BY_NAME, DRAFT

NOBODY = "somebody"


def author() -> str:
    """Return the name of whoever writes, as far as they gave one."""
    given = (st.session_state.get(key) for key in ("author", "speaker", "name"))
    return next(filter(None, (str(one or "").strip() for one in given)), NOBODY)


def of(journal: Journal, kind: Kind, seen: Entry | None) -> tuple[str, dict[str, Any]]:
    """Return the id of the draft a form fills in, and what was typed so far by the names of the fields.

    It is the one of the link where that is one of this form, else a new one. What EM and PM answer apart has none: nobody
    reads it before both are given.
    """
    if any(field.name == APART for field in kind.fields):
        return "", {}
    asked = st.query_params.get("draft", "")
    there = journal.history(asked) if asked else []
    if asked and not there:
        return asked, {}
    if there and _belongs(there[-1], kind, seen):
        return asked, _answers(there[-1])
    st.query_params["draft"] = fresh = uuid.uuid4().hex
    return fresh, {}


def keep(journal: Journal, kind: Kind, seen: Entry | None, draft: str, form: str) -> None:
    """Write down what stands in the places of a form, unless it was written down before.

    A browser may tell the same once more when the draft was kept and put away already: it stays away then.
    """
    there = journal.history(draft)
    known = next((_answers(one) for one in reversed(there) if one.body), {})
    told = dict(known)
    for field in kind.fields:
        if (place := f"{form}-{field.name}") in st.session_state:
            told[field.name] = answer(st.session_state[place])
    if told == known:
        return
    its = {"of": kind.name, "answers": told, **({"entry": seen.id, "version": seen.version} if seen else {})}
    journal.write(DRAFT.name, its, author(), entry=draft, base=len(there))


def put_away(journal: Journal, draft: str) -> None:
    """Take a draft back, as what it says is kept or not wanted."""
    there = journal.history(draft) if draft else []
    if there and there[-1].body:
        journal.write(DRAFT.name, None, author(), entry=draft, base=there[-1].version)


def begun(journal: Journal) -> list[tuple[Entry, Entry]]:
    """Return the drafts there are but the one of the link, the newest first, each with the entry it would be now."""
    mine = st.query_params.get("draft")
    return [
        (one, replace(one, kind=str(one.answers["of"]), body=_answers(one)))
        for one in journal.entries(DRAFT.name)
        if one.id != mine and one.answers.get("of") in BY_NAME
    ]


def way(draft: Entry) -> dict[str, str]:
    """Return what a link says that leads back to the form of a draft."""
    body = draft.answers
    to = {"entry": body["entry"], "change": f"{body['version']}"} if body.get("entry") else {"write": body["of"]}
    return {**to, "draft": draft.id}


def answer(given: Any) -> Any:
    """Return what stands in a place as the journal keeps it."""
    if isinstance(given, date):
        return given.isoformat()
    return given.strip() if isinstance(given, str) else given


def _answers(one: Entry) -> dict[str, Any]:
    told = one.answers.get("answers")
    return dict(told) if isinstance(told, dict) else {}


def _belongs(one: Entry, kind: Kind, seen: Entry | None) -> bool:
    return one.answers.get("of") == kind.name and one.answers.get("entry") == (seen.id if seen else None)
