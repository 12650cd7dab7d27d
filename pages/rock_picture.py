"""The picture of the big rocks: over the sprints a bar from as likely as not to 85 % sure, a dot where the plan puts its end."""

import plotly.graph_objects as go

from metrics.pencilled import Calendar
from metrics.plan import SPRINTS, Finish, Forecast, reach
from pages.safe import plot_text
from pages.theme import Tokens, template, tokens
from pages.words import day

ROW = 56  # pixels
LATER = SPRINTS + 1  # where what is finished after the last sprint is drawn


def draw(told: Forecast, calendar: Calendar, light: dict[int, str], other: Forecast | None, name: str) -> go.Figure:
    """Return the rocks in their order from above; `other` is a second layer of that name, in dashes."""
    colours = tokens()
    rows = [one.rock.id for one in told.finishes]
    places = {rock: place for place, rock in enumerate(rows)}
    return go.Figure(
        [_bars(told, colours), _dots(told, places, colours), *_second(other, places, name, colours)],
        {
            "template": template(colours),
            "height": 108 + ROW * max(2, len(rows)),
            "margin": {"t": 40, "b": 8, "l": 8, "r": 8},
            "bargap": 0.6,
            "barcornerradius": 2,
            "showlegend": True,
            "legend": {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0, "font": {"size": 14}},
            "xaxis": {
                "range": [0.5, LATER + 0.5],
                "tickvals": list(range(1, LATER + 1)),
                "ticktext": [*(_tick(nth, calendar, light) for nth in range(1, LATER)), "later"],
                "showgrid": False,
            },
            "yaxis": {"range": [len(rows) - 0.5, -0.75], "visible": False},
            "annotations": [_title(place, one, colours) for place, one in enumerate(told.finishes)],
            "shapes": [
                *_columns(colours),
                *(_light(nth, colours) for nth in light),
                *_outlines(other, places, colours),
            ],
        },
    )


def ends(one: Finish) -> tuple[float, float]:
    """Return where a bar begins and ends on the axis: whole sprints, what comes after the last one in the column behind it."""
    return (one.half or LATER) - 0.5, (one.likely or LATER) + 0.5


def _title(place: int, one: Finish, colours: Tokens) -> dict[str, object]:
    """Return the name of a rock over its row, where it has room on a phone too."""
    where = {"xref": "paper", "x": 0, "xanchor": "left", "y": place - 0.28, "yanchor": "bottom", "showarrow": False}
    return {**where, "text": plot_text(one.rock.title, 44), "font": {"size": 14, "color": colours.ink}, "align": "left"}


def _bars(told: Forecast, colours: Tokens) -> go.Bar:
    spans = [ends(one) for one in told.finishes]
    return go.Bar(
        name="forecast: as likely as not, to 85 % sure",
        orientation="h",
        base=[begins for begins, _ in spans],
        x=[until - begins for begins, until in spans],
        y=list(range(len(spans))),
        marker={  # hatched: it has not happened
            "color": colours.paper,
            "line": {"color": colours.series[0], "width": 1.5},
            "pattern": {
                "shape": "/",
                "fgcolor": colours.series[0],
                "bgcolor": colours.paper,
                "size": 7,
                "solidity": 0.35,
            },
        },
        text=[f"<b>{plot_text(one.rock.title)}</b><br>{reach(one)}" for one in told.finishes],
        textposition="none",
        hovertemplate="%{text}<extra></extra>",
    )


def _dots(told: Forecast, places: dict[str, int], colours: Tokens) -> go.Scatter:
    planned = [(one, one.rock.planned) for one in told.finishes if one.rock.planned is not None]
    at = [min(max(sprint, 0.5), LATER) for _, sprint in planned]
    return go.Scatter(
        name="planned end",
        mode="markers",
        x=at,
        y=[places[one.rock.id] for one, _ in planned],
        cliponaxis=False,
        marker={"size": 11, "color": colours.ink, "line": {"color": colours.paper, "width": 2}},
        text=[
            f"<b>{plot_text(one.rock.title)}</b><br>{'planned before' if sprint < 1 else f'planned for sprint {sprint}'}"
            for one, sprint in planned
        ],
        hovertemplate="%{text}<extra></extra>",
    )


def _second(other: Forecast | None, places: dict[str, int], name: str, colours: Tokens) -> list[go.Scatter]:
    """Return what the legend and the pointer read of the second layer; its outlines are shapes, which alone can be dashed."""
    if other is None:
        return []
    there = [one for one in other.finishes if one.rock.id in places]
    return [
        go.Scatter(
            name=plot_text(name, 40),
            mode="lines",
            x=[None],
            y=[None],
            line={"color": colours.signal, "dash": "dash", "width": 2},
        ),
        go.Scatter(
            mode="markers",
            showlegend=False,
            x=[sum(ends(one)) / 2 for one in there],
            y=[places[one.rock.id] + 0.27 for one in there],
            marker={"size": 14, "opacity": 0},
            text=[f"<b>{plot_text(name)}</b><br>{plot_text(one.rock.title)}: {reach(one)}" for one in there],
            hovertemplate="%{text}<extra></extra>",
        ),
    ]


def _outlines(other: Forecast | None, places: dict[str, int], colours: Tokens) -> list[dict[str, object]]:
    look = {"color": colours.signal, "dash": "dash", "width": 2}
    return [
        {"type": "rect", "x0": ends(one)[0], "x1": ends(one)[1], "y0": at - 0.25, "y1": at + 0.25, "line": look}
        for one in (other.finishes if other else ())
        if (at := places.get(one.rock.id)) is not None
    ]


def _columns(colours: Tokens) -> list[dict[str, object]]:
    look = {"color": colours.grid, "width": 1}
    return [
        {
            "type": "line",
            "x0": nth + 0.5,
            "x1": nth + 0.5,
            "yref": "paper",
            "y0": 0,
            "y1": 1,
            "line": look,
            "layer": "below",
        }
        for nth in range(1, LATER)
    ]


def _light(nth: int, colours: Tokens) -> dict[str, object]:
    fill = {"fillcolor": colours.band, "line": {"width": 0}, "layer": "below"}
    return {"type": "rect", "x0": nth - 0.5, "x1": nth + 0.5, "yref": "paper", "y0": 0, "y1": 1, **fill}


def _tick(nth: int, calendar: Calendar, light: dict[int, str]) -> str:
    return f"{nth}<br>{day(calendar.day(nth))}" + ("<br>light" if nth in light else "")
