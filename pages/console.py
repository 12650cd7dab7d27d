"""Ask in SQL: one SELECT over what the pages show of work, what can be asked, what was kept, and all that was asked before."""

import pandas as pd
import streamlit as st

import data
from data import console, console_log
from data.console import EXAMPLES, Answer
from data.entry import LINE, TEXT
from data.journal import begun, journal
from pages import reading, safe
from pages.door import may_ask
from pages.form import signature, signed
from pages.sections import choice
from pages.words import amount, capital, day, moment, two_figures

LEAD = "One SELECT over what the pages are made of. No column says who somebody is, nothing is changed, and it ends after five seconds."
OFF = (
    "Questions in SQL are switched off here: this dashboard can be reached from elsewhere, and it does not know who asks.\n"
    "Whoever runs it switches them on with CAIRN_CONSOLE=1 in its environment. 'python -m data query' asks on the machine itself."
)
LETTERS = 200  # of a cell on the screen; the file has them all
ASKED = 200  # questions listed
LOGGED = {"when": "When", "sql": "Question", "seconds": "Seconds", "outcome": "What came of it"}
COLUMNS = {"column": "Column", "type": "Type", "note": "What it says"}


def page() -> None:
    """Draw the question, its answer where it was asked, and below what helps to ask."""
    safe.text(LEAD, "lead")
    if may_ask():
        question()
    else:
        for line in OFF.splitlines():
            safe.text(line)
    sections = SECTIONS if may_ask() else {name: SECTIONS[name] for name in ("What was asked", "What can be asked")}
    sections[choice(sections, key="below")]()


def question() -> None:
    """Draw the place for a SELECT. A link fills it in; nothing is asked before somebody clicks."""
    with st.form("ask", border=False):
        sql = st.text_area(
            "One SELECT",
            key="sql",
            bind="query-params",
            max_chars=TEXT,
            height=220,
            placeholder="from deployments limit 5",
        )
        sent = st.form_submit_button("Ask", type="primary", help="Ctrl+Enter")
    if sent:
        st.session_state.pop("answered", None)
        with st.spinner("Asking …"):
            try:
                st.session_state["answered"] = (sql, console.ask(sql))
            except data.CairnError as error:
                for line in str(error).splitlines():
                    safe.text(line, "strong")
    asked, found = st.session_state.get("answered", ("", None))
    if found and asked == sql:
        answer(found)
        keep(sql)


def answer(found: Answer) -> None:
    """Draw an answer as a table, with what is left out of it, and as a file."""
    told = f"{capital(amount(len(found.rows), 'row'))} in {two_figures(found.seconds)} seconds. Times are UTC."
    safe.text(" ".join(filter(None, (told, found.left_out()))), "note")
    whole = found.frame()
    shown = whole.set_axis([f"c{nth}" for nth in range(len(whole.columns))], axis=1)
    for name in shown.select_dtypes(exclude=["number", "datetime", "datetimetz"]).columns:
        shown[name] = [_short(value) for value in shown[name]]
    headings = {name: safe.plain(told)[:LETTERS] for name, told in zip(shown.columns, whole.columns, strict=True)}
    safe.table(shown, headings, alt="The answer", key="answer")
    st.download_button(
        "CSV", lambda: safe.csv(whole), safe.file_name("answer", ending="csv"), "text/csv", on_click="ignore"
    )


def keep(sql: str) -> None:
    """Draw the form that keeps a question under a name, for everybody."""
    with st.form("keep-query", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        title = st.text_input("What it answers", key="query-title", max_chars=LINE, width=320)
        author = signature("query-author", 260)
        sent = st.form_submit_button("Save this query")
    if not sent:
        return
    if not title.strip() or not author:
        safe.text("A saved query needs what it answers, and your name.", "strong")
        return
    signed(author)
    journal().write("query", {"title": title.strip(), "sql": sql}, author)
    safe.text("It is saved, and stands below under Saved queries for everybody.", "strong")


def schema() -> None:
    """Draw the tables and what their columns say."""
    found = reading.schema(reading.edition())
    table = st.selectbox("Table", found["table"].unique().tolist(), key="table", bind="query-params", width=320)
    its = found[found["table"] == table]
    safe.text(f"{its['about'].iloc[0]} {capital(amount(len(its), 'column'))}; times are UTC.")
    safe.table(its, COLUMNS, alt=f"The columns of {table}", wide="note")


def saved() -> None:
    """Draw the questions that were kept, the newest first, then some to begin with."""
    for one in journal().entries("query") if begun() else []:  # looking begins no journal
        _offered(one.id, one.answers.get("title"), str(one.answers.get("sql") or ""))
        safe.links([(f"{one.author}, {day(one.at.date())}: change it, undo it, see every version", safe.entry(one.id))])
    safe.text("To begin with", "sentence", "h3")
    for nth, (title, sql) in enumerate(EXAMPLES.items()):
        _offered(f"example-{nth}", title, sql)


def asked() -> None:
    """Draw every question that was asked here or on the command line, the newest first."""
    own = data.edition()
    found = console_log.newest(own.company, ASKED) if own else []
    safe.text("Every question is written down by its text and kept for 90 days. Who asked is not written down.", "note")
    zone = data.team().timezone
    rows = [{**vars(one), "when": moment(one.at, zone), "seconds": round(one.seconds, 1)} for one in found]
    if rows:
        safe.table(pd.DataFrame(rows), LOGGED, alt="What was asked", wide="sql")
    else:
        safe.text("Nothing was asked yet.")


SECTIONS = {"What can be asked": schema, "Saved queries": saved, "What was asked": asked}


def _offered(key: str, title: object, sql: str) -> None:
    safe.text(title, "strong")
    st.code(safe.plain(sql), language="sql", wrap_lines=True)
    st.button("Take it over", key=f"take-{key}", on_click=_take, args=(sql,))


def _take(sql: str) -> None:
    st.session_state["sql"] = sql


def _short(value: object) -> str | None:
    if value is None or (isinstance(value, float) and pd.isna(value)):
        return None
    told = safe.plain(value)
    return told if len(told) <= LETTERS else f"{told[: LETTERS - 1]}…"


page()
