"""How points become a picture: a line with its usual range, gaps where nothing is known, one panel per slice."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from metrics import Usual
from metrics.noted import WRITTEN, line
from metrics.noted import Mark as Noted
from metrics.signals import Mark, Watch
from pages.reading import View
from pages.safe import plot_text
from pages.theme import Tokens, template, tokens
from pages.words import Frame, at, day, number, period, unit

FEW = 6  # points; with fewer there is no line to speak of, only dots
MANY = 30  # with more, smaller marks
ACROSS = 4  # panels in a row
MOST = 16  # panels on a page
STRIP = 0.075  # of the scale's top, under zero, for each of the two rows of what was noted
TOLD = 4  # things that one mark tells the pointer
SHAPES = {  # what was noted is told apart by its shape alone
    "note": "square",
    "decision": "triangle-up",
    "experiment": "triangle-right",
    "release": "line-ns",
    "incident": "x-thin",
    "holiday": "line-ew",
    "special": "line-ew",
}
SEVERAL = {True: "star", False: "asterisk"}  # written by people or not
LEFT, LINE = 52, 20  # pixels: room for a number of six signs, and for each line of a label under the axis
KNOWN = {
    "automargin": False
}  # else Plotly measures the labels and draws the picture once more, which takes a third longer
Trace = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """The words inside a picture, which go with it when it is saved: what it shows, and what the dashed line is."""

    caption: str
    dashed: str = ""


class Drawn(go.Figure):
    """A picture in the words Plotly draws from. To check each of them takes a third of a page's time: the tests do it."""

    def __init__(self, words: dict[str, Any]) -> None:
        self._words = words

    def to_dict(self) -> dict[str, Any]:
        """Return the picture as it is sent to the browser."""
        return self._words


def scatter(**words: Any) -> Trace:
    """Return marks or lines in the words of Plotly."""
    return {"type": "scatter", **words}


def draw(  # noqa: PLR0913, PLR0917  all that one chart shows
    view: View,
    points: Frame,
    usuals: Sequence[Usual],
    watch: Watch | None,
    before: Frame | None,
    told: Told,
    picked: date | None = None,
    noted: Sequence[Noted] = (),
    named: Mapping[date, str] | None = None,
) -> go.Figure:
    """Return one line over time with its usual range, earlier ones thin.

    `before` is another line to draw dashed, `picked` a period to mark with a line, `noted` what stands under the line, `named`
    are days to mark with a line and a word, also those yet to come.
    """
    colours = tokens()
    across = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "layer": "below"}
    upright = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "layer": "below"}
    shapes = []
    usual = usuals[-1] if usuals else None
    if usual:
        middle = {"color": colours.context, "width": 1, "dash": "dot"}
        since = {"xref": "x", "x0": usual.since, "x1": points["ends"].max()} if len(usuals) > 1 else {}
        shapes = [
            _band(usual, colours) | since,
            {**across, "y0": usual.middle, "y1": usual.middle, "line": middle} | since,
        ]
    for earlier, later in pairwise(usuals):
        thin = {**across, "xref": "x", "x0": earlier.since, "x1": later.since}
        thin["line"] = {"color": colours.context, "width": 1, "dash": "dot"}
        shapes += [{**thin, "y0": end, "y1": end} for end in (earlier.low, earlier.high)]
    if watch and watch.signal and watch.state in {"look", "shift"} and watch.signal.since >= points["starts"].min():
        begun = {"color": colours.signal, "width": 1.5, "dash": "dash"}
        shapes.append({**upright, "x0": watch.signal.since, "x1": watch.signal.since, "line": begun})
    if picked:
        shapes.append({**upright, "x0": picked, "x1": picked, "line": {"color": colours.axis, "width": 1}})
    lines = {one: plot_text(word) for one, word in (named or {}).items()}
    shapes += [{**upright, "x0": one, "x1": one, "line": {"color": colours.muted, "width": 1.5}} for one in lines]
    top = _top(points, usual, before)
    periods = _periods(points, view.every, 6, max(lines, default=None))
    under = 12 + LINE * (2 if any("<br>" in label for label in periods["ticktext"]) else 1)
    known = {} if lines else KNOWN  # lines of days yet to come leave the last label no room on a phone
    layout = {
        "template": template(colours).to_plotly_json(),
        "height": 270 if told.dashed else 250,
        "title": _title(told),
        "margin": {"t": 64 if told.dashed else 44, "l": LEFT, "b": under},
        "xaxis": {**periods, **known},
        "yaxis": {"range": [_under(noted) * top, top], **_scale(view), **known},
        "shapes": shapes,
        "annotations": _words(lines, colours),
    }
    traces = [_trace(view, points, watch, colours), *_dashed(view, before, colours), *_noted(noted, top, colours)]
    return Drawn({"data": traces, "layout": layout})


def panels(  # noqa: PLR0913, PLR0917  all that one chart shows
    view: View,
    slices: Mapping[str, Frame],
    usuals: Mapping[str, Usual | None],
    watches: Mapping[str, Watch],
    before: Mapping[str, Frame | None],
    told: Told,
    noted: Mapping[str, Sequence[Noted]],
) -> go.Figure:
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
    top = max(_top(points, usuals[name], before.get(name)) for name, points in slices.items())
    for place, (name, points) in enumerate(slices.items()):
        row, col = place // across + 1, place % across + 1
        figure.add_trace(_trace(view, points, watches.get(name), colours, name), row=row, col=col)
        for trace in (*_dashed(view, before.get(name), colours), *_noted(noted.get(name, ()), top, colours)):
            figure.add_trace(trace, row=row, col=col)
        if usual := usuals[name]:
            nth = str(place + 1) if place else ""
            shapes.append(_band(usual, colours) | {"xref": f"x{nth} domain", "yref": f"y{nth}"})
    for title, axis in zip(figure["layout"]["annotations"], figure.select_xaxes(), strict=False):
        title.update(x=axis.domain[0], xanchor="left", font={"size": 14, "color": colours.ink})
    room = 20 if told.dashed else 0
    figure.update_layout(
        template=template(colours),
        height=80 + room + 205 * down,
        margin_t=76 + room,
        title=_title(told),
        shapes=shapes,
    )
    figure.update_xaxes(**_periods(next(iter(slices.values())), view.every, 3))
    under = min((_under(those) for those in noted.values()), default=0)
    figure.update_yaxes(range=[under * top, top], nticks=4, **_scale(view))
    return figure


def _band(usual: Usual, colours: Tokens) -> dict[str, Any]:
    """Return the usual range as a grey band behind the line."""
    fill = {"fillcolor": colours.band, "line": {"width": 0}, "layer": "below"}
    return {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "y0": usual.low, "y1": usual.high, **fill}


def _trace(view: View, points: Frame, watch: Watch | None, colours: Tokens, name: str = "") -> Trace:
    """Return the points: a null is a gap, never 0; an unusual week is a hollow diamond, a special one a hollow dot."""
    metric, every = view.metric, view.every
    marks = {mark.starts: mark for mark in watch.marks} if watch else {}
    seen = [marks.get(start) for start in points["starts"]]
    odd = [one is not None and one.unusual for one in seen]
    mark = 7 if len(points) <= MANY else 5
    known = [None if pd.isna(value) else value for value in points["value"]]
    told = [
        f"<b>{number(value, metric)}{unit(metric)}</b> {at(metric, start, every)} · n = {n:,}{_remark(one)}"
        if value is not None
        else ""
        for value, start, n, one in zip(known, points["starts"], points["n"], seen, strict=True)
    ]
    return scatter(
        x=list(points["starts"]),
        y=known,
        name=plot_text(name or metric.title),
        mode="lines+markers" if points["value"].count() >= FEW else "markers",
        connectgaps=False,
        cliponaxis=False,  # a mark at 0 is whole
        line={"color": colours.series[0], "width": 2.5},
        marker={
            "size": [mark + 5 if out else mark for out in odd],
            "symbol": ["diamond" if out else "circle" for out in odd],
            "color": [
                colours.paper if out or _special(one) else colours.series[0] for out, one in zip(odd, seen, strict=True)
            ],
            "line": {  # hollow, and yet whole to the pointer: filled with the ground
                "color": [colours.signal if out else colours.series[0] for out in odd],
                "width": [2 if out or _special(one) else 0 for out, one in zip(odd, seen, strict=True)],
            },
            "opacity": 1,
        },
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
        customdata=[[period(start, every), name] for start in points["starts"]],
        text=told,
        hovertemplate="%{text}<extra></extra>",
    )


def _dashed(view: View, before: Frame | None, colours: Tokens) -> list[Trace]:
    """Return an earlier time as a dashed line under the periods it is held against; each point says its own days."""
    if before is None:
        return []
    metric = view.metric
    known = [None if pd.isna(value) else value for value in before["value"]]
    told = [
        "" if value is None else f"<b>{number(value, metric)}{unit(metric)}</b> {period(was, view.every)}"
        for value, was in zip(known, before["was"], strict=True)
    ]
    look = {"color": colours.context, "width": 1.5, "dash": "dash"}
    return [
        scatter(
            x=list(before["starts"]),
            y=known,
            mode="lines",
            line=look,
            zorder=-1,
            text=told,
            hovertemplate="%{text}<extra></extra>",
        )
    ]


def _noted(noted: Sequence[Noted], top: float, colours: Tokens) -> list[Trace]:
    """Return what was noted as quiet marks under zero, what people wrote in a row of its own; what lasts has a line."""
    rows = sorted({_by_people(one) for one in noted}, reverse=True)
    traces = []
    for place, by_people in enumerate(rows, 1):
        those = [one for one in noted if _by_people(one) is by_people]
        height = -place * STRIP * top
        look = {"color": colours.muted if by_people else colours.axis, "width": 1.5}
        lasting = [one for one in those if one.until > one.starts]
        if lasting:
            ends = [end for one in lasting for end in (one.starts, one.until, None)]
            heights = [height, height, None] * len(lasting)
            traces.append(scatter(x=ends, y=heights, mode="lines", line=look, hoverinfo="skip"))
        traces.append(
            scatter(
                x=[one.starts for one in those],
                y=[height] * len(those),
                name="noted",
                mode="markers",
                cliponaxis=False,
                marker={
                    "symbol": [SHAPES.get(one.kind, SEVERAL[by_people]) for one in those],
                    "size": 9 if by_people else 7,
                    "color": look["color"],
                    "line": {**look, "width": 0 if by_people else 1.5},
                    "opacity": 1,
                },
                selected={"marker": {"opacity": 1}},
                unselected={"marker": {"opacity": 1}},
                text=[_remembered(one) for one in those],
                hovertemplate="%{text}<extra></extra>",
            )
        )
    return traces


def _by_people(mark: Noted) -> bool:
    return mark.told[0].kind in WRITTEN


def _remembered(mark: Noted) -> str:
    """Return what the pointer reads of what was noted in a period."""
    told = [plot_text(line(one), 80) for one in mark.told[:TOLD]]
    more = len(mark.told) - len(told)
    return "<br>".join([*told, f"and {more} more"] if more else told)


def _under(noted: Sequence[Noted]) -> float:
    """Return how far under zero the scale begins, as a part of its top: room for each row there is."""
    rows = len({_by_people(one) for one in noted})
    return -(rows + 0.7) * STRIP if rows else 0


def _special(mark: Mark | None) -> bool:
    return mark is not None and mark.special != ""


def _remark(mark: Mark | None) -> str:
    """Return what the pointer reads of a mark beside its number: why it is hollow."""
    if mark is None:
        return ""
    special = f" · left out of what is usual: {plot_text(mark.special, 40)}" if mark.special else ""
    return f"{' · unusual' if mark.unusual else ''}{special}"


def _title(told: Told) -> dict[str, Any]:
    """Return the lines inside the picture, which go with it when it is saved."""
    return {
        "text": "<br>".join(plot_text(line, 140) for line in (told.caption, told.dashed) if line),
        "font": {"size": 14},
        "x": 0,
        "xanchor": "left",
        "y": 1,
        "yanchor": "top",
        "pad": {"t": 26 if told.dashed else 8},
    }


def _scale(view: View) -> dict[str, str]:
    return {"tickformat": "~%"} if view.metric.fold == "share" else {}


def _top(points: Frame, usual: Usual | None, before: Frame | None) -> float:
    dashed = [] if before is None else before["value"].dropna()
    highest = max([*points["value"].dropna(), *dashed, usual.high if usual else 0, 0])
    return highest * 1.12 or 1


def _words(lines: Mapping[date, str], colours: Tokens) -> list[dict[str, Any]]:
    """Return the words over lines that mark days, each before its line: after the last one a phone has no room."""
    look = {"y": 1, "yref": "paper", "yanchor": "bottom", "xanchor": "right", "showarrow": False}
    font = {"color": colours.muted, "size": 12}
    return [{**look, "x": one, "text": word, "font": font} for one, word in lines.items()]


def _periods(points: Frame, every: str, labels: int, last: date | None = None) -> dict[str, Any]:
    """Return an axis of whole periods, each label under the day its period starts, the newest always labelled.

    It reaches as far as `last`, where that day is later.
    """
    starts = sorted(points["starts"])
    shown = starts[:: -max(1, math.ceil(len(starts) / labels))][::-1]
    years = len({start.year for start in shown}) > 1
    margin = max((starts[-1] - starts[0]) * 0.04, timedelta(days=1)) if len(starts) > 1 else timedelta(days=7)
    return {
        "tickmode": "array",
        "tickvals": shown,
        "ticktext": [
            _tick(start, every, years and start.year not in {s.year for s in shown[:place]})
            for place, start in enumerate(shown)
        ],
        "range": [starts[0] - margin, max(starts[-1], last or starts[-1]) + margin],
    }


def _tick(start: date, every: str, year: bool) -> str:
    """Return the label of a period, with its year under it where a year begins."""
    name = {"week": day(start), "month": f"{start:%b}", "quarter": f"Q{(start.month + 2) // 3}"}[every]
    return f"{name}<br>{start.year}" if year else name
