"""The questions behind a view: SQL and commands that give the same numbers elsewhere, and files of what is seen."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import streamlit as st

import data
from metrics import paste
from pages import reading, safe
from pages.reading import View
from pages.rows import period_picker

TALL = 320  # pixels; longer ones scroll
NOTES = {
    "asked": "As SQL, to be pasted into a shell there. It asks what was published last, and can change nothing.",
    "open": "Some rows are still open, so the marks are Kaplan-Meier medians, which SQL does not say. These are their rows.",
    "past": "SQL asks what was published last, so it would tell of now: the commands and files alone are as seen then.",
    "private": "It is about people in a crowd: only the points that enough people stand behind leave here.",
}


def questions(edition: str, view: View, periods: dict[str, date]) -> None:
    """Draw SQL, command and file of the chart, then of the rows of one period."""
    points = reading.within(reading.history(edition, view), view.reach)
    within = reading.days(edition, view)
    filters: dict[str, Any] = {"area": view.area, "kind": view.kind}
    day = reading.seen()
    safe.text("The chart", "sentence", "h3")
    safe.text("As JSON, on the machine where it was collected:", "note")
    _command(lambda: paste.show_command(view.metric, within, view.every, **filters, as_of=day))
    st.download_button(
        "CSV of the chart", lambda: safe.csv(points), _file(view, within[1]), "text/csv", on_click="ignore"
    )
    if view.metric.private:
        safe.text(NOTES["private"], "note")
        return
    sql = None if day else paste.chart_sql(view.metric, within, view.every, by=view.by, **filters)
    safe.text(NOTES["past" if day else "asked" if sql else "open"], "note")
    if sql:
        _asked(sql)
    safe.text("The rows of one period", "sentence", "h3")
    name = period_picker(periods)
    starts = periods[name]
    one = starts, reading.ends(edition, view, starts)
    found = reading.behind(edition, replace(view, by=None), starts)
    safe.text("As JSON:", "note")
    _command(lambda: paste.rows_command(view.metric, starts, view.every, **filters, as_of=day))
    st.download_button(
        "CSV of the rows", lambda: safe.csv(found), _file(view, starts, "rows"), "text/csv", on_click="ignore"
    )
    if not day:
        safe.text(NOTES["asked"], "note")
        _asked(paste.rows_sql(view.metric, one, view.every, **filters))


def _asked(sql: str) -> None:
    """Draw SQL as it is pasted into a shell, and the way to ask it, or something like it, here."""
    st.code(safe.plain(paste.query_command(sql)), language="sql", height=TALL, wrap_lines=True)
    st.page_link("console.py", label="Change it, and ask it here", query_params={"sql": sql})


def _command(line: Callable[[], str]) -> None:
    """Draw a line for a shell, or why there is none."""
    try:
        st.code(safe.plain(line()), language=None, wrap_lines=True)
    except data.CairnError as error:
        safe.text(error, "note")


def _file(view: View, *more: object) -> str:
    return safe.file_name(
        *filter(
            None,
            (view.metric.name, view.area if isinstance(view.area, str) else view.team, view.kind, view.every, *more),
        ),
        ending="csv",
    )
