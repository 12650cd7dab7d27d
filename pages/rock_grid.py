"""The two grids of the plan, changed in place: who is there in which sprint, and the big rocks. Keeping one appends a version."""

from typing import Any

import pandas as pd
import streamlit as st

from data.entry import LINE, Entry
from data.journal import Journal
from data.kinds import BY_NAME, title
from metrics import pencilled
from metrics.pencilled import Calendar, Row
from metrics.plan import FULL, SPRINTS
from metrics.words import day
from pages import login, pencil, safe
from pages.form import NAMELESS, signature, signed
from pages.pencil import Pencilled

NUMBERS = {
    "order": "Order",
    "low": "Least",
    "likely": "About",
    "high": "Most",
    "earliest": "Begins",
    "planned": "Ends",
}
WORDS = {"title": "Big rock", "epics": "Epics in Jira", "needs": "Takes knowledge of"}
SHARE = r"^ *(0|1|1[.,]0|0?[.,][0-9]{1,2}) *$"
STATES = ("open", "done", "let go")
KEPT_MEANWHILE = "Somebody kept other words meanwhile. Keep yours too: both stay, and both can be read in Memory."


def capacity(kept: Journal, its: Pencilled) -> None:
    """Draw the people and their shares of the six sprints; keeping it says from when on it holds."""
    was = _seen("capacity", its.capacity)
    body = (was.body if was else None) or {}
    rows, _, _ = pencil.seen(body, its.calendar)
    safe.text(
        "1 is there, 0 is away, .5 is half of the time. Only what you type is known, and never why. What somebody knows they add"
        " themselves.",
        "note",
    )
    sprints = [f"{nth} · {day(its.calendar.day(nth))}" for nth in range(1, SPRINTS + 1)]
    table = pd.DataFrame(
        [[row.name, *(f"{share:g}" for share in row.shares), row.knows] for row in rows],
        columns=["Name", *sprints, "Says they know"],
    )
    # Words and no numbers: the number cells of the grid swallow the nought and the point of 0.5
    share = {"validate": SHARE, "max_chars": 5, "width": 104, "default": "1", "required": True}
    edited = st.data_editor(
        table,
        num_rows="dynamic",
        hide_index=True,
        key=_grid(was),
        column_config={
            "Name": st.column_config.TextColumn(pinned=True, max_chars=60, required=True),
            **{name: st.column_config.TextColumn(**share) for name in sprints},
            "Says they know": st.column_config.TextColumn(max_chars=LINE, width="medium"),
        },
        alt="Who is there in which sprint",
        disabled=not login.may_write(),
    )
    if login.reads_only():
        return
    with st.form("keep-capacity", border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            agreed = st.number_input(
                "Exploration agreed on, in per cent", 0.0, 100.0, pencil.agreed(body), step=5.0, format="%g", width=240
            )
            light = st.text_input(
                "Light weeks, as 3: .5 engineers explore; 5: .8 customer visits",
                _light(body, its.calendar),
                max_chars=LINE,
            )
        author, sent = _author("capacity", "Keep the grid")
    if not sent or not (name := _named(author)):
        return
    people = _people(edited, sprints)
    told = {
        "title": f"Six sprints from {day(its.calendar.first)} {its.calendar.first.year}",
        "first": its.calendar.first.isoformat(),
        "people": "\n".join(row.line() for row in people),
        "light": light.strip(),
        "exploration": agreed,
    }
    _keep(kept, "capacity", told, was, name)


def rocks(kept: Journal, its: Pencilled) -> None:
    """Draw the big rocks in their order; each one that was changed gets a version of its own."""
    entries = [entry for entry, _ in its.rocks]
    shown = _seen_all(entries)
    safe.text(
        "Least, about and most are items left to do; begins and ends are sprints, counted from the one we are in. A rock can be added"
        " in the last row, and let go by its state.",
        "note",
    )
    table = pd.DataFrame([_line(one, its.calendar) for one in shown], columns=["id", *NUMBERS, *WORDS, "state"])
    looks: dict[str, Any] = {
        name: st.column_config.NumberColumn(
            label, min_value=0 if name not in {"earliest", "planned"} else 1, step=1, width="small"
        )
        for name, label in NUMBERS.items()
    }
    looks |= {
        name: st.column_config.TextColumn(label, max_chars=LINE, required=name == "title")
        for name, label in WORDS.items()
    }
    looks["title"] = st.column_config.TextColumn("Big rock", max_chars=LINE, required=True, pinned=True, width="medium")
    looks["state"] = st.column_config.SelectboxColumn("State", options=list(STATES), default="open", width="small")
    edited = st.data_editor(
        table.astype(dict.fromkeys(NUMBERS, float)),
        num_rows="add",
        hide_index=True,
        column_order=["order", "title", "low", "likely", "high", "earliest", "planned", "needs", "epics", "state"],
        column_config=looks,
        key=_list(shown),
        placeholder="",
        alt="The big rocks, their sizes and when they are planned to end",
        disabled=not login.may_write(),
    )
    if login.reads_only():
        return
    with st.form("keep-rocks", border=False):
        author, sent = _author("rocks", "Keep the rocks")
    if not sent or not (name := _named(author)):
        return
    by_id = {one.id: one for one in shown}
    changed = [
        (by_id.get(row["id"]), body) for row in edited.to_dict("records") if (body := _body(row, by_id, its.calendar))
    ]
    wrong = [told for _, body in changed for told in BY_NAME["rock"].wrong(body)]
    for told in dict.fromkeys(wrong):
        safe.text(told, "strong")
    if wrong:
        return
    for was, body in changed:
        if was is None or body != was.body:
            kept.write("rock", body, name, entry=was.id if was else None, base=was.version if was else 0)
    st.session_state.pop("seen-rocks", None)
    st.rerun()


def _people(edited: pd.DataFrame, sprints: list[str]) -> list[Row]:
    """Return the rows as they were typed; those without a name are left out, a cell left empty is whole."""
    found = []
    for row in edited.to_dict("records"):
        name, knows = (str(row[what]).strip() if pd.notna(row[what]) else "" for what in ("Name", "Says they know"))
        if name:
            found.append(Row(name, tuple(_share(row[one]) for one in sprints), knows))
    return found


def _share(told: Any) -> float:
    """Return what a cell says; one left empty is whole."""
    found = None if pd.isna(told) else pencilled.share(str(told))
    return FULL if found is None else found


def _line(entry: Entry, calendar: Calendar) -> list[Any]:
    body = entry.answers
    rock = pencilled.rock(entry.id, body, calendar)
    numbers = {name: body.get(name) for name in ("order", "low", "likely", "high")}
    numbers |= {"earliest": rock.earliest if body.get("earliest") else None, "planned": rock.planned}
    return [entry.id, *numbers.values(), *(body.get(name, "") for name in WORDS), body.get("state", "open")]


def _body(row: dict[str, Any], known: dict[str, Entry], calendar: Calendar) -> dict[str, Any]:
    """Return the entry a row makes. A day stays as it is while its sprint is not changed."""
    was = known.get(row["id"])
    before = (was.body if was else None) or {}
    shown = dict(zip(["id", *NUMBERS, *WORDS, "state"], _line(was, calendar), strict=True)) if was else {}
    body = dict(before)
    for name in ("order", "low", "likely", "high"):
        body[name] = None if pd.isna(row[name]) else float(row[name])
    for name, day_of in (("earliest", calendar.day), ("planned", lambda nth: pencil.last_day(calendar, nth))):
        now = None if pd.isna(row[name]) else int(row[name])
        if now != shown.get(name):
            body[name] = None if now is None else day_of(now).isoformat()
    for name in (*WORDS, "state"):
        body[name] = "" if pd.isna(row[name]) else str(row[name]).strip()
    body["state"] = body["state"] or "open"
    return {name: value for name, value in body.items() if value not in (None, "")}


def _light(body: dict[str, Any], calendar: Calendar) -> str:
    """Return the light sprints as they are counted now."""
    _, parts, said = pencil.seen(body, calendar)
    return "; ".join(f"{nth}: {parts[nth - 1]:g} {words}".strip() for nth, words in said.items())


def _seen(what: str, newest: Entry | None) -> Entry | None:
    """Return the version this reader began to change: a newer one does not take their unsaved words away."""
    was = st.session_state.get(f"seen-{what}")
    if not _changed(_grid(was)):
        was = st.session_state[f"seen-{what}"] = newest
    if newest and (was is None or (was.id, was.version) != (newest.id, newest.version)):
        safe.text(KEPT_MEANWHILE, "strong")
        safe.links([("Read the other words", safe.entry(newest.id))])
    return was


def _seen_all(newest: list[Entry]) -> list[Entry]:
    """Return the versions of the rocks this reader began to change."""
    was = st.session_state.get("seen-rocks", newest)
    if not _changed(_list(was)):
        was = st.session_state["seen-rocks"] = newest
    if {(one.id, one.version) for one in was} != {(one.id, one.version) for one in newest}:
        safe.text(KEPT_MEANWHILE, "strong")
        safe.links([(title(one), safe.entry(one.id)) for one in newest if one not in was])
    return was


def _grid(was: Entry | None) -> str:
    return f"grid-{was.id if was else 'new'}-{was.version if was else 0}"


def _list(shown: list[Entry]) -> str:
    return "rocks-" + "-".join(f"{one.id[-8:]}.{one.version}" for one in shown)


def _changed(editor: str) -> bool:
    """Tell if somebody changed a grid and did not keep it yet."""
    return any((st.session_state.get(editor) or {}).values())


def _author(what: str, label: str) -> tuple[str, bool]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        return signature(f"{what}-author", 260), st.form_submit_button(label, type="primary")


def _named(author: str) -> str:
    if author:
        signed(author)
    else:
        safe.text(NAMELESS, "strong")
    return author


def _keep(kept: Journal, kind: str, body: dict[str, Any], was: Entry | None, author: str) -> None:
    told = {name: value for name, value in body.items() if value not in (None, "")}
    if wrong := BY_NAME[kind].wrong(told):
        for line in wrong:
            safe.text(line, "strong")
        return
    if was is None or told != was.body:
        kept.write(kind, told, author, entry=was.id if was else None, base=was.version if was else 0)
    st.session_state.pop(f"seen-{kind}", None)
    st.rerun()
