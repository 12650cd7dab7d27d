"""How Cairn looks: colours that hold for every kind of eye, in light and dark, and the one Plotly template made of them."""

from dataclasses import dataclass
from functools import cache

import plotly.graph_objects as go
import streamlit as st

FONT = '"Source Sans", sans-serif'  # the one Streamlit brings along; nothing is asked of the outside


@dataclass(frozen=True)
class Tokens:
    """The colours of one theme. `.streamlit/config.toml` repeats those that Streamlit draws itself."""

    paper: str
    surface: str
    ink: str
    muted: str
    signal: str  # "worth a talk": never alone, always with words and a mark of its own shape
    axis: str
    grid: str
    band: str  # the usual range
    context: str  # dashed lines only
    series: tuple[str, str, str, str, str]


LIGHT = Tokens(
    paper="#FFFFFF",
    surface="#F5F7FA",
    ink="#17212B",
    muted="#4A5763",
    signal="#9A4A00",
    axis="#7A8793",
    grid="#DDE3E9",
    band="rgba(107, 120, 132, 0.14)",
    context="#6B7884",
    series=("#061D9D", "#C5770F", "#592432", "#4F9C8E", "#986BF6"),
)
DARK = Tokens(
    paper="#0F1720",
    surface="#18222D",
    ink="#F2F5F8",
    muted="#A9B6C3",
    signal="#EABF3A",
    axis="#7F8E9C",
    grid="#2B3947",
    band="rgba(133, 148, 162, 0.22)",
    context="#8594A2",
    series=("#5886F2", "#EABF3A", "#C26E89", "#B3E6C4", "#E2CCFD"),
)


def tokens() -> Tokens:
    """Return the colours of the theme this person sees now."""
    return DARK if st.context.theme.type == "dark" else LIGHT


@cache
def template(colours: Tokens) -> go.layout.Template:
    """Return what all charts have in common: quiet axes, only horizontal grid, weeks in words, room for every label."""
    text = {"family": FONT, "size": 14, "color": colours.muted}
    axis = {"automargin": True, "tickfont": text, "title": {"font": text}, "zeroline": False, "fixedrange": True}
    return go.layout.Template(
        layout={
            "font": text,
            "paper_bgcolor": colours.paper,  # not see-through: a saved picture keeps its ground
            "plot_bgcolor": colours.paper,
            "colorway": list(colours.series),
            "margin": {"l": 8, "r": 8, "t": 44, "b": 4},
            "showlegend": False,
            "hovermode": "closest",
            "hoverlabel": {
                "bgcolor": colours.surface,
                "bordercolor": colours.grid,
                "font": {**text, "color": colours.ink},
            },
            "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": colours.axis, "activecolor": colours.ink},
            "dragmode": False,
            "xaxis": {
                **axis,
                "showgrid": False,
                "showline": True,
                "linecolor": colours.axis,
                "ticks": "outside",
                "tickcolor": colours.axis,
            },
            "yaxis": {**axis, "showgrid": True, "gridcolor": colours.grid, "showline": False, "nticks": 5},
        }
    )
