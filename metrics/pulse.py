"""What pulses say: of three together, about how many in ten find a sentence true. Never of fewer than five, never of one month.

Three pulses are told as one, and no pulse is in two of them: nothing is left when one is taken from another. How many people
there were is said in classes, shares are said in tenths: whoever joins or leaves changes them no more than chance does.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from data.pulse import FEWEST, ITEMS, SCALE, Counts
from metrics.intervals import jeffreys

TOGETHER = 3  # pulses
TRUE = 3  # the first place in SCALE that counts as true: mostly
CLASSES = (FEWEST, 10, 20, 50)  # people


@dataclass(frozen=True)
class Felt:
    """How many in ten found a sentence true over some pulses, with what the answers also fit, and of how many people."""

    item: str
    months: tuple[str, ...]
    tenths: int
    low: int
    high: int
    people: str


def felt(closed: Sequence[tuple[str, Counts]]) -> list[Felt]:
    """Return what closed pulses, the oldest first, say: three by three, of each item, the oldest first.

    A pulse that fewer than five people answered, in any of its items, is left out for good. What has no third one yet is not
    told. The interval is Jeffreys' of 90 %, of as many answers as there were people: one person's three answers are not three.
    """
    enough = [(month, counts) for month, counts in closed if all(sum(counts[item]) >= FEWEST for item in ITEMS)]
    found = []
    for last in range(TOGETHER, len(enough) + 1, TOGETHER):
        those = enough[last - TOGETHER : last]
        for item in ITEMS:
            answers = [sum(counts[item][answer] for _, counts in those) for answer in range(len(SCALE))]
            n, true = sum(answers), sum(answers[TRUE:])
            low, high = jeffreys(true / TOGETHER, n / TOGETHER)
            found.append(
                Felt(
                    item,
                    tuple(month for month, _ in those),
                    round(10 * true / n),
                    math.floor(10 * low),
                    math.ceil(10 * high),
                    _class(min(sum(counts[item]) for _, counts in those)),
                )
            )
    return found


def waiting(closed: Sequence[tuple[str, Counts]]) -> int:
    """Return how many more pulses it takes until the next three are told."""
    enough = [counts for _, counts in closed if all(sum(counts[item]) >= FEWEST for item in ITEMS)]
    return TOGETHER - len(enough) % TOGETHER


def _class(people: int) -> str:
    least = max(one for one in CLASSES if one <= people)
    above = next((one for one in CLASSES if one > people), None)
    return f"{least} to {above - 1} people" if above else f"{least} people or more"
