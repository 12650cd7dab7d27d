"""Exploration: its share of what was finished in each sprint, beside the share that was agreed on as a reference and no target."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import streamlit as st

import metrics
from data.journal import Journal
from metrics import exploration
from metrics.exploration import Share
from pages import linked, pencil, reading, safe
from pages.figure import LEFT, LINE, Drawn, scatter
from pages.reading import View
from pages.rows import WHOLE
from pages.theme import template, tokens
from pages.words import day

SPRINTS = 12  # back
NOT_MARKED = (
    "Which work is exploration, team.toml says under [work]: explore = { labels = [...], types = [...], parents = [...] }."
    " Until something fits, its share is unknown, and not 0."
)


def draw(kept: Journal) -> None:
    """Draw the share by sprint, and what was agreed on."""
    its = pencil.read(kept)
    edition, view = reading.edition(), View(metrics.metric("work_mix"), reach="All")
    found = (
        exploration.shares(reading.local(reading.whole(edition, view), "happened_at"), its.calendar, SPRINTS)
        if not reading.empty(edition, view)
        else []
    )
    safe.text(exploration.sentence(found, its.agreed), "lead")
    if not found:
        safe.text(NOT_MARKED)
        return
    length = timedelta(weeks=its.calendar.weeks)

    def rows(first: str) -> str:
        starts = date.fromisoformat(first)
        return safe.drill(replace(view, reach=(starts, starts + length)).link(period=WHOLE))

    picture, alt = _picture(found, its.agreed, length), exploration.sentence(found, its.agreed)
    safe.made(
        linked.markup(picture, alt, rows, safe.file_name("exploration", "sprint", found[-1].starts, ending="png"))
    )
    told = "Items are counted, not hours. Bars reach as far as chance alone might, at 90 %; sprints with fewer than eight items have none."
    safe.text(f"{told} Exploration is judged by what was learned, and by no return.", "note")
    st.page_link(
        "explore.py", label="The whole mix, and its rows", query_params=view.link(range=None, kind=exploration.KIND)
    )


def _picture(found: list[Share], agreed: float | None, length: timedelta) -> Drawn:
    """Return the shares as a line, each with its interval, and what was agreed on dashed."""
    colours = tokens()
    known = [one for one in found if one.value is not None]
    thin = {"color": colours.context, "width": 1}
    shapes: list[dict[str, Any]] = [
        {"type": "line", "x0": one.starts, "x1": one.starts, "y0": one.low, "y1": one.high, "line": thin}
        for one in known
    ]
    caption = "Exploration, share of what was finished in each sprint"
    if agreed is not None:
        caption += f" · dashed: agreed on, {agreed:g} %"
        level = agreed / 100
        dashed = {"color": colours.context, "dash": "dash", "width": 1.5}
        shapes.append({"type": "line", "xref": "paper", "y0": level, "y1": level, "line": dashed})
    marks = len(found)
    line = scatter(
        x=[one.starts for one in found],
        y=[one.value for one in found],
        mode="lines+markers",
        line={"color": colours.series[0], "width": 2.5},
        marker={
            "size": [7] * marks,
            "symbol": ["circle"] * marks,
            "color": [colours.series[0]] * marks,
            "line": {"color": [colours.series[0]] * marks, "width": [0] * marks},
        },
        customdata=[[f"{one.starts}", ""] for one in found],
        text=[
            f"<b>{100 * one.value:.0f} %</b> of {one.n} items, sprint from {day(one.starts)}"
            if one.value is not None
            else ""
            for one in found
        ],
    )
    layout = {
        "template": template(colours).to_plotly_json(),
        "height": 280,
        "title": {"text": caption},
        "margin": {"t": 44, "l": LEFT, "b": 12 + LINE},
        "xaxis": {
            "tickvals": [one.starts for one in found[::-2]],
            "ticktext": [day(one.starts) for one in found[::-2]],
            "range": [found[0].starts - length / 2, found[-1].starts + length / 2],
        },
        "yaxis": {
            "range": [0, max([one.high for one in known] + [(agreed or 0) / 100]) * 1.15 or 1],
            "tickformat": "~%",
        },
        "shapes": shapes,
        "annotations": [],
    }
    return Drawn({"data": [line], "layout": layout})
