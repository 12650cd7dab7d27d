"""How points become a picture: a line with its usual range, gaps where nothing is known, one panel per slice."""

import math
from datetime import date, timedelta
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from metrics import Usual
from pages.reading import View
from pages.safe import plot_text
from pages.sentences import outside
from pages.theme import Tokens, template, tokens
from pages.words import Frame, at, day, number, period, unit

FEW = 6  # points; with fewer there is no line to speak of, only dots
MANY = 30  # with more, smaller marks
ACROSS = 4  # panels in a row
MOST = 16  # panels on a page


def draw(view: View, points: Frame, usual: Usual | None, caption: str, picked: date | None = None) -> go.Figure:
    """Return one line over time with its usual range. `picked` is a period to mark with a line."""
    colours = tokens()
    across = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "layer": "below"}
    upright = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "layer": "below"}
    shapes = []
    if usual:
        middle = {"color": colours.context, "width": 1, "dash": "dot"}
        shapes = [_band(usual, colours), {**across, "y0": usual.middle, "y1": usual.middle, "line": middle}]
    if picked:
        shapes.append({**upright, "x0": picked, "x1": picked, "line": {"color": colours.axis, "width": 1}})
    layout = {  # all at once: each later update costs Plotly ten milliseconds
        "template": template(colours),
        "height": 250,
        "title": _title(caption),
        "xaxis": _periods(points, view.every, 6),
        "yaxis": {"range": [0, _top(points, usual)]},
        "shapes": shapes,
    }
    return go.Figure(_trace(view, points, usual, colours), layout)


def panels(view: View, slices: dict[str, Frame], usuals: dict[str, Usual | None], caption: str) -> go.Figure:
    """Return one small chart per slice, all on the same scale: to compare shapes, not to rank."""
    colours = tokens()
    across = min(ACROSS, len(slices))
    down = math.ceil(len(slices) / across)
    figure = make_subplots(
        rows=down,
        cols=across,
        shared_yaxes=True,
        horizontal_spacing=0.03,
        vertical_spacing=0.42 / down,
        subplot_titles=[plot_text(name, 32) for name in slices],
    )
    shapes = []
    for place, (name, points) in enumerate(slices.items()):
        figure.add_trace(
            _trace(view, points, usuals[name], colours, name), row=place // across + 1, col=place % across + 1
        )
        if usual := usuals[name]:
            nth = str(place + 1) if place else ""
            shapes.append(_band(usual, colours) | {"xref": f"x{nth} domain", "yref": f"y{nth}"})
    for title, axis in zip(figure["layout"]["annotations"], figure.select_xaxes(), strict=False):
        title.update(x=axis.domain[0], xanchor="left", font={"size": 14, "color": colours.ink})
    top = max(_top(points, usuals[name]) for name, points in slices.items())
    figure.update_layout(
        template=template(colours), height=80 + 205 * down, margin_t=76, title=_title(caption), shapes=shapes
    )
    figure.update_xaxes(**_periods(next(iter(slices.values())), view.every, 3))
    figure.update_yaxes(range=[0, top], nticks=4)
    return figure


def _band(usual: Usual, colours: Tokens) -> dict[str, Any]:
    """Return the usual range as a grey band behind the line."""
    fill = {"fillcolor": colours.band, "line": {"width": 0}, "layer": "below"}
    return {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "y0": usual.low, "y1": usual.high, **fill}


def _trace(view: View, points: Frame, usual: Usual | None, colours: Tokens, name: str = "") -> go.Scatter:
    """Return the points: a null is a gap, never 0; what lies outside the usual range is a diamond in another colour."""
    metric, every = view.metric, view.every
    moved = [outside(value, usual) for value in points["value"]]
    mark = 7 if len(points) <= MANY else 5
    known = [None if pd.isna(value) else value for value in points["value"]]
    told = [
        f"<b>{number(value, metric)}{unit(metric)}</b> {at(metric, start, every)} · n = {n:,}"
        if value is not None
        else ""
        for value, start, n in zip(known, points["starts"], points["n"], strict=True)
    ]
    return go.Scatter(
        x=list(points["starts"]),
        y=known,
        name=plot_text(name or metric.title),
        mode="lines+markers" if points["value"].count() >= FEW else "markers",
        connectgaps=False,
        line={"color": colours.series[0], "width": 2.5},
        marker={
            "size": [mark + 4 if out else mark for out in moved],
            "symbol": ["diamond" if out else "circle" for out in moved],
            "color": [colours.signal if out else colours.series[0] for out in moved],
            "line": {"color": colours.paper, "width": [2 if out else 0 for out in moved]},
            "opacity": 1,
        },
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
        customdata=[[period(start, every), name] for start in points["starts"]],
        text=told,
        hovertemplate="%{text}<extra></extra>",
    )


def _title(caption: str) -> dict[str, Any]:
    """Return the line inside the picture, which goes with it when it is saved."""
    return {
        "text": plot_text(caption, 140),
        "font_size": 14,
        "x": 0,
        "xanchor": "left",
        "y": 1,
        "yanchor": "top",
        "pad_t": 8,
    }


def _top(points: Frame, usual: Usual | None) -> float:
    highest = max([*points["value"].dropna(), usual.high if usual else 0, 0])
    return highest * 1.12 or 1


def _periods(points: Frame, every: str, labels: int) -> dict[str, Any]:
    """Return an axis of whole periods, each label under the day its period starts, the newest always labelled."""
    starts = sorted(points["starts"])
    shown = starts[:: -max(1, math.ceil(len(starts) / labels))][::-1]
    years = len({start.year for start in shown}) > 1
    margin = (starts[-1] - starts[0]) * 0.04 or timedelta(days=7)
    return {
        "tickmode": "array",
        "tickvals": shown,
        "ticktext": [
            _tick(start, every, years and start.year not in {s.year for s in shown[:place]})
            for place, start in enumerate(shown)
        ],
        "range": [starts[0] - margin, starts[-1] + margin],
    }


def _tick(start: date, every: str, year: bool) -> str:
    """Return the label of a period, with its year under it where a year begins."""
    name = {"week": day(start), "month": f"{start:%b}", "quarter": f"Q{(start.month + 2) // 3}"}[every]
    return f"{name}<br>{start.year}" if year else name
