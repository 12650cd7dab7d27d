"""The company's diary: its days, its luck, and everything that happened, put in order at the end."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from math import exp
from random import Random
from typing import Any

from collectors.sandbox.company import PREHISTORY, WEEKS, Service
from collectors.sandbox.hours import Hours, noon
from collectors.sandbox.records import HOUR, Deployment, Issue, Pull, Release, Run, Ticket
from collectors.sandbox.stories import factor


def poisson(r: Random, mean: float) -> int:
    """Return how often something happens that happens `mean` times on average."""
    count, product, limit = 0, r.random(), exp(-mean)
    while product > limit:
        count, product = count + 1, product * r.random()
    return count


class Diary:
    """What happened from the anchor day to the far end of the story; what a certain day knows of it is for others to say."""

    def __init__(self, anchor: date, seed: int) -> None:
        self.anchor, self.seed = anchor, seed
        self.hours = Hours(anchor - timedelta(weeks=PREHISTORY), WEEKS + PREHISTORY + 40)
        self.days = [day for day in self.hours.days if day < anchor + timedelta(weeks=WEEKS)]
        self.rare = {("checkout", "long"): 15, ("storefront", "wide"): 20, ("identity", "canary"): 12}
        self.pulls: list[Pull] = []
        self.issues: list[Issue] = []
        self.deployments: list[Deployment] = []
        self.runs: list[Run] = []
        self.releases: list[Release] = []
        self.tickets: list[Ticket] = []

    def random(self, *words: str) -> Random:
        """Return a source of luck of its own for each concern, so that a change in one leaves the others as they were."""
        return Random("/".join((str(self.seed), *words)))  # noqa: S311 — a made-up company, not a secret

    def moments(self, r: Random, rate: str, place: str, weekly: float) -> Iterator[int]:
        """Yield when something happens that happens `weekly` times in a usual week; stories change that."""
        for day, start in zip(self.days, self.hours.starts, strict=False):
            mean = weekly / 5 * factor("work", place, day, self.anchor) * factor(rate, place, day, self.anchor)
            yield from sorted(start + int(r.random() * 9 * HOUR) for _ in range(poisson(r, mean)))

    def scale(self, rate: str, service: Service, moment: int) -> float:
        """Return how much larger a rate is at a moment because of a story."""
        return factor(rate, service.name, datetime.fromtimestamp(moment, UTC).date(), self.anchor)

    def once(self, service: Service, kind: str, moment: int) -> bool:
        """Whether it is time for something that happens only once in the whole story."""
        week = self.rare.get((service.name, kind))
        due = week is not None and moment >= noon(self.anchor + timedelta(weeks=week), 0)
        return due and self.rare.pop((service.name, kind)) is not None

    def settle(self) -> None:
        """Put everything in order, forget what was finished before the anchor day, and give numbers."""
        dawn = noon(self.anchor, 0)
        for thing in (*self.pulls, *self.issues, *self.tickets):
            thing.events.sort(key=lambda event: event[0])
        finished = (lambda thing: thing.events[-1][0] < dawn, lambda thing: thing.at < dawn)
        every: list[tuple[int, int, list[Any]]] = [
            (71_000, 0, self.pulls), (84_000, 0, self.issues), (20_000, 0, self.tickets),
            (93_000, 1, self.deployments), (5_100_000, 1, self.runs), (64_000, 1, self.releases),
        ]  # fmt: skip
        for first, kind, things in every:
            things[:] = sorted((one for one in things if not finished[kind](one)), key=lambda one: one.at)
            for place, thing in enumerate(things):
                thing.ident = first + place
        numbers: dict[str, int] = {}
        for thing in sorted((*self.pulls, *self.issues), key=lambda thing: (thing.at, thing.ident)):
            numbers[thing.service.name] = thing.number = numbers.get(thing.service.name, 100) + 1
        for ticket in self.tickets:
            numbers[ticket.project] = ticket.number = numbers.get(ticket.project, 100) + 1
