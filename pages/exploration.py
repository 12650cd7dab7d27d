"""Exploration: its share of what was finished in each sprint, beside the share that was agreed on as a reference and no target."""

import plotly.graph_objects as go
import streamlit as st

import metrics
from data.journal import Journal
from metrics import exploration
from metrics.exploration import Share
from pages import pencil, reading, safe
from pages.reading import View
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
    st.plotly_chart(
        _picture(found, its.agreed),
        theme=None,
        key="exploration",
        config={"displayModeBar": False},
        alt=exploration.sentence(found, its.agreed),
    )
    told = "Items are counted, not hours. Bars reach as far as chance alone might, at 90 %; sprints with fewer than eight items have none."
    safe.text(f"{told} Exploration is judged by what was learned, and by no return.", "note")
    st.page_link(
        "explore.py", label="The whole mix, and its rows", query_params=view.link(range=None, kind=exploration.KIND)
    )


def _picture(found: list[Share], agreed: float | None) -> go.Figure:
    colours = tokens()
    known = [one for one in found if one.value is not None]
    values = [None if one.value is None else 100 * one.value for one in found]
    top = max([100 * one.high for one in known] + [agreed or 0]) * 1.15
    line = {"color": colours.context, "dash": "dash", "width": 1.5}
    reference = (
        []
        if agreed is None
        else [
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": agreed,
                "y1": agreed,
                "line": line,
                "layer": "below",
            }
        ]
    )
    return go.Figure(
        go.Scatter(
            x=[one.starts for one in found],
            y=values,
            mode="lines+markers",
            connectgaps=False,
            line={"color": colours.series[0], "width": 2.5},
            marker={"size": 7},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [100 * one.high - (value or 0) for one, value in zip(found, values, strict=True)],
                "arrayminus": [(value or 0) - 100 * one.low for one, value in zip(found, values, strict=True)],
                "color": colours.context,
                "thickness": 1,
                "width": 0,
            },
            text=[
                f"<b>{value:.0f} %</b> of {one.n} items, sprint from {day(one.starts)}" if value is not None else ""
                for one, value in zip(found, values, strict=True)
            ],
            hovertemplate="%{text}<extra></extra>",
        ),
        {
            "template": template(colours),
            "height": 280,
            "margin": {"t": 24, "l": 8, "r": 8, "b": 4},
            "xaxis": {
                "tickvals": [one.starts for one in found[::-2]],
                "ticktext": [day(one.starts) for one in found[::-2]],
            },
            "yaxis": {"range": [0, top], "ticksuffix": " %"},
            "shapes": reference,
            "annotations": []
            if agreed is None
            else [
                {
                    "xref": "paper",
                    "x": 0,
                    "xanchor": "left",
                    "y": agreed,
                    "yanchor": "bottom",
                    "showarrow": False,
                    "text": f"agreed on: {agreed:g} %",
                    "font": {"size": 14, "color": colours.muted},
                }
            ],
        },
    )
