"""What the sandbox company answers to its pulses: interruptions become manageable once people open services themselves."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from collectors.sandbox.stories import STORIES
from data.pulse import ITEMS, LASTS, SCALE, Counts

PEOPLE = (9, 14)  # from so few to so many answer
LEANING = {"focus": 2.4, "ease": 1.6, "calm": 1.9}  # where answers lie in SCALE at first
LATER = {"focus": 0.2, "ease": 1.4, "calm": 0.9}  # how much further once the Workflow is there
SPREAD = 0.9


def pulses(first: date, until: date) -> Iterator[tuple[str, date, Counts]]:
    """Yield the pulse of every whole month of the company's life that was over by a day; the same days, the same answers."""
    opened = first + timedelta(weeks=next(one.weeks[0] for one in STORIES if one.name == "provision_launched"))
    day = (first.replace(day=1) + timedelta(days=31)).replace(day=1)
    while day + LASTS < until:
        luck = Random(f"pulse/{day - first}")  # noqa: S311 — a made-up company, not a secret
        answered = {item: [0] * len(SCALE) for item in ITEMS}
        for _ in range(luck.randint(*PEOPLE)):
            for item in ITEMS:
                middle = LEANING[item] + (LATER[item] if day > opened else 0)
                answered[item][min(max(round(luck.gauss(middle, SPREAD)), 0), len(SCALE) - 1)] += 1
        yield f"{day:%Y-%m}", day + LASTS, {item: tuple(counts) for item, counts in answered.items()}
        day = (day + timedelta(days=31)).replace(day=1)
