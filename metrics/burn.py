"""The burn list: what an investment may cost and give back, when it has paid for itself, and how good such estimates have been.

All of it is ranges. What overlaps is one group, to be chosen from by other reasons; what nobody said is not known yet, never 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from data import kinds
from metrics.intervals import jeffreys
from metrics.words import amount, capital, counted, markdown, two_figures

if TYPE_CHECKING:
    from numpy.typing import NDArray

DRAWS = 20_000
SEED = 3
EIGHTY = (10, 50, 90)  # percentiles
YEAR, QUARTER, SOON = 52, 13, 26  # weeks
RAMP = 0.8  # of a year's saving comes in the first year: what is new takes time to be used
FEW = 5  # outcomes; of fewer no share is told
COST = ("low", "likely", "high")
SAVES = ("saves_low", "saves_likely", "saves_high")
UNKNOWN = "not known yet"
Three = tuple[float, float, float]


@dataclass(frozen=True)
class Item:
    """An investment as it was written down: person-days it takes and person-days a week it gives back; None where unsaid."""

    id: str
    title: str
    cost: Three | None
    saves: Three | None
    took: float | None = None
    saved: float | None = None


@dataclass(frozen=True)
class Payback:
    """When an investment has paid for itself, in weeks, and what it returns; each as P10, P50 and P90."""

    item: Item
    weeks: Three
    soon: float  # chance of less than half a year
    returned: Three  # in the first year, less the cost, over the cost
    waiting: float  # person-days that waiting a quarter costs


@dataclass(frozen=True)
class Record:
    """How many outcomes lay inside what was estimated; `low` and `high` enclose the share, at 90 %."""

    held: int
    of: int
    low: float
    high: float
    words: str


def item(id_: str, body: Mapping[str, Any]) -> Item:
    """Return an investment from an entry of the journal."""
    return Item(
        id_,
        str(body.get("title") or "An investment without a name"),
        _three(body, COST),
        _three(body, SAVES),
        kinds.number(body.get("took")),
        kinds.number(body.get("saved")),
    )


def payback(item: Item, ramp: float = RAMP) -> Payback | None:
    """Return when an investment has paid for itself, None where its cost or what it gives back is not known yet."""
    if not item.cost or not item.saves or item.saves[2] <= 0:
        return None
    chance = np.random.default_rng(SEED)
    cost, saves = _drawn(chance, item.cost), np.maximum(_drawn(chance, item.saves), 1e-9)
    weeks, returned = cost / saves, (saves * YEAR * ramp - cost) / np.maximum(cost, 1e-9)
    return Payback(
        item, _percentiles(weeks), float(np.mean(weeks < SOON)), _percentiles(returned), QUARTER * item.saves[1]
    )


def groups(known: Sequence[Payback]) -> list[list[Payback]]:
    """Return investments in groups, the soonest first: those whose 80 % intervals overlap are one group, in the alphabet's order."""
    found: list[list[Payback]] = []
    for one in sorted(known, key=lambda one: (one.weeks[0], one.item.title)):
        if found and one.weeks[0] <= max(other.weeks[2] for other in found[-1]):
            found[-1].append(one)
        else:
            found.append([one])
    return [sorted(group, key=lambda one: one.item.title.casefold()) for group in found]


def sooner(one: Payback, other: Payback) -> float:
    """Return the chance that one investment has paid for itself before another."""
    chance = np.random.default_rng(SEED)
    sides = []
    for told in (one.item, other.item):
        if not told.cost or not told.saves:
            return 0.5
        sides.append(_drawn(chance, told.cost) / np.maximum(_drawn(chance, told.saves), 1e-9))
    return float(np.mean(sides[0] < sides[1]))


def sentence(found: Payback | None, item: Item) -> str:
    """Return in a sentence when an investment has paid for itself."""
    if found is None:
        lacks = [name for name, told in (("what it costs", item.cost), ("what it gives back", item.saves)) if not told]
        if not lacks:
            return "It gives nothing back by this estimate."
        return capital(f"{' and '.join(lacks)} {'is' if len(lacks) == 1 else 'are'} {UNKNOWN}.")
    return f"Pays for itself in {_span(found.weeks)} weeks, as likely as not within {two_figures(found.weeks[1])}."


def case(item: Item, body: Mapping[str, Any], measured_in: str = "", since: str = "") -> str:
    """Return the business case as one page of Markdown. What people typed is escaped: it is text there, and no markup."""
    found, told = payback(item), {name: markdown(value) for name, value in body.items()}
    lines = [f"# {markdown(item.title)}", ""]
    if told.get("pain"):
        lines += ["## What it costs us as it is", "", told["pain"], ""]
    lines += [
        "## What it takes and what it gives back",
        "",
        "| | at least | about | at most |",
        "| --- | --- | --- | --- |",
        _row("Person-days it takes", item.cost),
        _row("Person-days a week it gives back", item.saves),
        "",
        sentence(found, item),
    ]
    if found:
        low, half, high = found.returned
        lines.append(
            f"That is within half a year in {100 * found.soon:.0f} of 100 cases. In the first year each day put in returns"
            f" {_signed(half)} beyond itself ({_signed(low)} to {_signed(high)}); {100 * RAMP:.0f} % of that year count, because"
            f" what is new takes time to be used. Waiting a quarter costs about {two_figures(found.waiting)} person-days."
        )
    lines += ["", "## How we will know", ""]
    lines.append(
        f"It should show in: {markdown(measured_in)}." if measured_in else f"The number it should show in is {UNKNOWN}."
    )
    lines.append(f"How sure we are: {told.get('sure') or UNKNOWN}. Who says so: {told.get('says') or UNKNOWN}.")
    if since:
        lines += ["", "## Before and since", "", markdown(since)]
    if told.get("came"):
        lines += ["", "## What came of it", "", told["came"]]
    lines += [
        "",
        "Ranges are 80 % of what these estimates allow. They are estimates of people, and no measurement.",
        "",
    ]
    return "\n".join(lines)


def record(items: Sequence[Item]) -> tuple[Record, Record]:
    """Return how often the cost, and what was given back, lay inside what had been estimated."""
    costs = [(one.cost, one.took) for one in items]
    saved = [(one.saves, one.saved) for one in items]
    return _record(costs, "what it cost"), _record(saved, "what it gave back")


def _record(pairs: Sequence[tuple[Three | None, float | None]], what: str) -> Record:
    told = [(estimate, came) for estimate, came in pairs if estimate and came is not None]
    held = sum(estimate[0] <= came <= estimate[2] for estimate, came in told)
    low, high = jeffreys(held, len(told)) if told else (0.0, 1.0)
    if not told:
        return Record(0, 0, low, high, f"No outcome to hold {what} against yet.")
    share = f" ({100 * low:.0f} to {100 * high:.0f} %)" if len(told) >= FEW else ""
    words = f"In {counted(held)} of {amount(len(told), 'outcome')} {what} lay inside the range{share}."
    return Record(held, len(told), low, high, words)


def _three(body: Mapping[str, Any], names: Sequence[str]) -> Three | None:
    """Return three numbers in their order; None while one of them is unsaid."""
    found = [kinds.number(body.get(name)) for name in names]
    if any(one is None or one < 0 for one in found):
        return None
    low, likely, high = sorted(one for one in found if one is not None)
    return low, likely, high


def _drawn(chance: np.random.Generator, of: Three) -> "NDArray[np.float64]":
    return chance.triangular(*of, DRAWS) if of[0] < of[2] else np.full(DRAWS, float(of[1]))


def _percentiles(values: "NDArray[np.float64]") -> Three:
    low, half, high = (float(one) for one in np.percentile(values, EIGHTY))
    return low, half, high


def _span(three: Three) -> str:
    low, high = two_figures(three[0]), two_figures(three[2])
    return low if low == high else f"{low} to {high}"


def _signed(value: float) -> str:
    return f"{'-' if value < 0 else ''}{two_figures(abs(value))}"


def _row(name: str, three: Three | None) -> str:
    return f"| {name} | " + " | ".join(f"{one:g}" for one in three) + " |" if three else f"| {name} | {UNKNOWN} | | |"
