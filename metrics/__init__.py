"""What it means: every metric in the order it is read, customers first, then what reaches them, then how the work flows."""

from typing import TYPE_CHECKING

from metrics import bugs, ci, delivery, flow, issues, knowledge, usage, work, workflows
from metrics.gaps import incomplete, missing
from metrics.metric import Metric, behind, complete_to, known, parts, rows, trend
from metrics.usual import Usual, usual

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "METRICS",
    "Metric",
    "Usual",
    "behind",
    "complete_to",
    "incomplete",
    "metric",
    "missing",
    "parts",
    "rows",
    "table",
    "trend",
    "usual",
]

METRICS: tuple[Metric, ...] = (
    *bugs.METRICS,
    *workflows.METRICS,
    *usage.METRICS,
    *delivery.METRICS,
    *ci.METRICS,
    *flow.METRICS,
    *knowledge.METRICS,
    *issues.METRICS,
    *work.METRICS,
)


def metric(name: str) -> Metric:
    """Return the metric of that name. Raises CairnError that names the nearest."""
    names = [one.name for one in METRICS]
    return METRICS[names.index(known(name, names, "metric"))]


def table() -> "Iterator[str]":
    """Yield the README's table of metrics, a line at a time."""
    yield "| name | title | unit | what it is |"
    yield "| --- | --- | --- | --- |"
    for one in METRICS:
        yield f"| `{one.name}` | {one.title} | {one.unit} | {one.about} |".replace("\n", " ")
