"""What takes seconds is worked out as soon as there is a new edition, so that nobody who opens the page has to wait for it."""

import contextlib
import logging
import os
import threading
from collections.abc import AsyncIterator

import streamlit as st
from streamlit import runtime

import data

FIRST, EVERY = 0.2, 5.0  # seconds until the first look for an edition, and between two later ones


@contextlib.asynccontextmanager
async def warm(_app: st.App) -> AsyncIterator[None]:
    """Watch for new editions as long as the dashboard runs, unless CAIRN_WARM is 0: a small machine has other things to do."""
    ended = threading.Event()
    if os.environ.get("CAIRN_WARM") != "0":
        threading.Thread(target=_watch, args=(ended,), daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _watch(ended: threading.Event) -> None:
    logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").addFilter(_of_a_page)
    known, pause = "", FIRST
    while not ended.wait(pause):
        if not runtime.exists():
            continue
        pause = EVERY
        with contextlib.suppress(data.CairnError):  # the page says what is wrong
            found = data.edition()
            if found and found.name != known:
                known = found.name
                prepare(known)


def prepare(edition: str) -> None:
    """Work out what the first page tells of an edition, each chart beside what is usual and the story of each signal, then all charts."""
    import metrics  # noqa: PLC0415  what is kept here, is kept in the server, which has to run first
    from pages import reading  # noqa: PLC0415

    for name in reading.THIS_WEEK:
        view = reading.View(metrics.metric(name))
        points = reading.within(reading.history(edition, view), view.reach)
        if len(points):
            reading.noted(edition, view, points, ())
    for _ in reading.moved(edition, reading.moving(edition)):
        pass
    for metric in metrics.METRICS:  # what the other pages draw
        reading.lacks(edition, metric)
        reading.watch(edition, reading.View(metric))
        for every in ("week", "month"):
            reading.history(edition, reading.View(metric, every))
    for one in data.team().workflows:
        if when := reading.there(edition, one.name, reading.USUAL):
            reading.outcome(edition, one.name, *when)
    depth = reading.View(metrics.metric("knowledge_depth"), "month", "12 months")
    for month in list(reading.periods(edition, depth).values())[:1]:
        reading.depths(edition, depth, month)
    reading.facets(edition, reading.View(metrics.METRICS[0]), "area")  # what Drill offers to choose from, kinds as well


def _of_a_page(record: logging.LogRecord) -> bool:
    """Tell if a line of the log is about a page: here is none, and no need to say so."""
    return record.threadName != threading.current_thread().name or "ScriptRunContext" not in record.getMessage()
