"""A picture as a page shows several of: the browser draws it as it draws words, and every mark is a link to its rows.

It says what figure.py says, in HTML, and loads no script for it. Plotly stays for the large picture of Drill.
"""

import math
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from html import escape
from typing import Any

import plotly.graph_objects as go

from pages.figure import Trace
from pages.safe import plain

BOLD = re.compile("</?b>")
STEPS = (1, 2, 5, 10)  # of a scale, by tens
LINES = 5  # of a scale at most
MIDDLE = 50
INSIDE = "path { fill: none; vector-effect: non-scaling-stroke; stroke-linejoin: round }"


class Room:
    """What a picture has room for: dates from left to right, a scale from the bottom up, both told in per cent."""

    def __init__(self, layout: dict[str, Any]) -> None:
        self.first, self.last = (one.toordinal() for one in layout["xaxis"]["range"])
        self.low, self.top = layout["yaxis"]["range"]

    def across(self, one: date) -> float:
        """Return how far from the left a day stands."""
        return round(100 * (one.toordinal() - self.first) / (self.last - self.first), 2)

    def down(self, value: float) -> float:
        """Return how far from the top a value stands."""
        return round(100 * (self.top - value) / (self.top - self.low), 2)


def markup(picture: go.Figure, alt: str, rows: Callable[[str], str], file: str) -> str:
    """Return one line over time as HTML. `rows` gives the address of a period's rows, `file` is what it is saved as."""
    told = picture.to_dict()
    layout, traces = told["layout"], told["data"]
    room = Room(layout)
    ground = layout["template"]["layout"]
    share = "tickformat" in layout["yaxis"]
    steps = list(_steps(room.top))
    behind = [
        *(_shape(one, room) for one in layout["shapes"] if one["type"] == "rect"),
        *(_rule(f"M0 {room.down(step)}H100", {"color": ground["yaxis"]["gridcolor"], "width": 1}) for step in steps),
        *(_shape(one, room) for one in layout["shapes"] if one["type"] == "line"),
        *(_line(one, room) for one in reversed(traces) if "lines" in one["mode"]),
    ]
    scale = "".join(f'<i style="top:{room.down(step)}%">{_number(step, share)}</i>' for step in steps)
    periods = "".join(
        f'<u style="left:{room.across(at)}%">{label}</u>'
        for at, label in zip(layout["xaxis"]["tickvals"], layout["xaxis"]["ticktext"], strict=True)
    )
    marks = "".join(
        (_links if "customdata" in one else _signs)(one, room, rows)
        for one in reversed(traces)
        if "markers" in one["mode"]
    )
    days = "".join(
        f'<time datetime="{one["x"]}" style="right:{100 - room.across(one["x"]):.2f}%">{one["text"]}</time>'
        for one in layout["annotations"]
    )
    margin, ink = layout["margin"], ground["font"]["color"]
    style = f"height:{layout['height']}px;color:{ink};background:{ground['paper_bgcolor']};--line:{ground['xaxis']['linecolor']}"
    return (
        f'<div class="cairn-chart" role="group" aria-label="{escape(plain(alt))}" style="{style}">'
        f"<div>{layout['title']['text']}</div>"
        f'<button type="button" data-file="{escape(file)}" title="Save as a picture">PNG</button>'
        f'<section style="top:{margin["t"]}px;left:{margin["l"]}px;bottom:{margin["b"]}px">'
        f'<img src="{_lines(behind)}" alt="">'
        f"{scale}{periods}{days}{marks}</section></div>"
    )


def _links(trace: Trace, room: Room, rows: Callable[[str], str]) -> str:
    """Return the marks of a line: a dot or a hollow diamond that leads to its rows, and what the pointer reads of it."""
    looks = trace["marker"]
    each: Iterable[Sequence[Any]] = zip(
        trace["x"],
        trace["y"],
        trace["text"],
        trace["customdata"],
        looks["size"],
        looks["symbol"],
        looks["color"],
        looks["line"]["color"],
        looks["line"]["width"],
        strict=True,
    )
    return "".join(
        f'<a href="{escape(rows(which[0]))}" tabindex="-1" {_stands(room, at, value)} aria-label="{_read(told)}">'
        f'<b class="{symbol}" style="--size:{size}px;background:{fill};border:{width}px solid {edge}"></b></a>'
        for at, value, told, which, size, symbol, fill, edge, width in each
        if value is not None
    )


def _signs(trace: Trace, room: Room, _: Callable[[str], str]) -> str:
    """Return what was noted, each a sign of its own shape with what the pointer reads of it."""
    looks = trace["marker"]
    return "".join(
        f'<span role="img" {_stands(room, at, value)} aria-label="{_read(told)}">'
        f'<b class="{symbol}" style="--size:{looks["size"]}px;background:{looks["color"]}"></b></span>'
        for at, value, told, symbol in zip(trace["x"], trace["y"], trace["text"], looks["symbol"], strict=True)
    )


def _stands(room: Room, at: date, value: float) -> str:
    """Return where a mark stands, and in which half, as what is said of it needs the other one."""
    across = room.across(at)
    return f'class="{"late" if across > MIDDLE else "early"}" style="left:{across}%;top:{room.down(value)}%"'


def _lines(behind: Sequence[str]) -> str:
    """Return what lies behind the marks as a drawing that takes any width and height: lines stay as thin as they are."""
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" preserveAspectRatio="none"><style>{INSIDE}</style>'
    return f"data:image/svg+xml;base64,{b64encode(''.join((drawing, *behind, '</svg>')).encode()).decode()}"


def _line(trace: Trace, room: Room) -> str:
    """Return a line through what is known: where nothing is, it breaks off."""
    path, drawing = [], False
    for at, value in zip(trace["x"], trace["y"], strict=True):
        if value is not None:
            path.append(f"{'L' if drawing else 'M'}{room.across(at)} {room.down(value)}")
        drawing = value is not None
    return _rule("".join(path), trace["line"])


def _shape(shape: dict[str, Any], room: Room) -> str:
    """Return a band or a line across the picture, or upright, or as long as it held."""
    left, right = (0.0, 100.0) if shape.get("xref") == "paper" else (room.across(shape[end]) for end in ("x0", "x1"))
    top, bottom = (0.0, 100.0) if shape.get("yref") == "paper" else (room.down(shape[end]) for end in ("y1", "y0"))
    if shape["type"] == "rect":
        size = f'width="{max(right - left, 0):.2f}" height="{max(bottom - top, 0):.2f}"'
        return f'<rect x="{left}" y="{top}" {size} fill="{shape["fillcolor"]}"/>'
    return _rule(f"M{left} {top}L{right} {bottom}", shape["line"])


def _rule(path: str, look: dict[str, Any]) -> str:
    dashes = {"dot": "2 3", "dash": "7 5"}.get(look.get("dash", ""))
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path d="{path}" stroke="{look["color"]}" stroke-width="{look["width"]}"{dashed}/>'


def _steps(top: float) -> Iterator[float]:
    """Yield the lines of a scale from zero up to its top: few, and of round numbers."""
    least = top / LINES
    ten = 10.0 ** math.floor(math.log10(least))
    step = next(one * ten for one in STEPS if one * ten >= least)
    yield from (nth * step for nth in range(LINES + 1) if nth * step <= top)


def _number(value: float, share: bool) -> str:
    return f"{100 * value:.4g}%" if share else f"{value:,.10g}"


def _read(told: str) -> str:
    """Return what Plotly would read, whose words are escaped already, as one text."""
    return BOLD.sub("", told).replace("<br>", "\n")
