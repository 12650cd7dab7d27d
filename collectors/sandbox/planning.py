"""What the company planned: its big rocks, who is there for them, what if, and the burn list with two investments that were made."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from collectors.sandbox.company import THINGS

Told = tuple[Any, ...]  # name, kind, author, then versions: the week each was written in, and what it adds
SIZED = 62.1  # the week the rocks were pencilled in
GRID = """
    Bram: 1 1 1 1 1 1 | storefront, search
    Kofa: 1 1 .5 1 1 1 | mobile app
    Lumi: 1 1 1 1 1 1 | catalogue, storefront
    Odi: 1 1 1 1 .5 1 | search, catalogue
    Mara: 1 1 1 1 1 1 | checkout
    Noro: .5 1 1 1 1 1 | checkout, identity
    Tovi: 1 1 1 1 1 1 | ledger
    Quill: 1 1 1 .8 1 1 | platform, identity
"""


def planned(at: Callable[[float], date]) -> Iterator[Told]:
    """Yield every entry of the plan; `at` is the day of a week of the company's life."""
    yield from _rocks(at)
    grid = "\n".join(line.strip() for line in GRID.strip().splitlines())
    yield (
        "capacity", "capacity", "Inu",
        (SIZED, {
            "title": "Six sprints of autumn", "first": f"{at(63.1)}", "people": grid, "exploration": 20,
            "light": "4: .8 engineers explore; 6: .9 customer visits",
        }),
    )  # fmt: skip
    yield (
        "without_ledger", "scenario", "Inu",
        (63.2, {"title": "Ledger rests for a month", "away": f"Tovi: {at(69.1)} {at(71.1)}"}),
    )  # fmt: skip
    yield (
        "larger_ledger", "scenario", "Noro",
        (63.3, {"title": "Invoices turn out larger, and we explore less", "scope": "Invoices by line: 1.5", "exploration": 10}),
    )  # fmt: skip
    yield (
        "push_differs", "deviation", "Wrena",
        (64.1, {
            "what": "Push messages came along faster than at an even pace", "rock": "push",
            "why": "The new queue took half of them with it; what is left is the harder half.", "sprint": f"{at(63.1)}",
        }),
    )  # fmt: skip
    yield from _burn(at)
    yield from _wanted()


def _rocks(at: Callable[[float], date]) -> Iterator[Told]:
    def rock(name: str, order: int, title: str, size: tuple[int, int, int], ends: float, **more: str) -> Told:
        low, likely, high = size
        body = {"title": title, "order": order, "low": low, "likely": likely, "high": high, "state": "open", **more}
        return name, "rock", "Inu", (SIZED, {**body, "planned": f"{at(ends)}"})

    yield rock(
        "basket", 1, "Basket totals for every market", (40, 55, 80), 68.5, epics=_epic("SHOP", 8), needs="storefront",
        why="Four markets wait for it.",
    )  # fmt: skip
    yield rock(
        "push", 2, "Push messages that arrive once", (45, 60, 85), 70.5, epics=_epic("PAY", 8), needs="platform, identity",
        why="People turn them off.",
    )  # fmt: skip
    yield rock(
        "invoices", 3, "Invoices by line", (25, 40, 70), 74.5, epics=_epic("PAY", 9), needs="ledger, checkout",
        earliest=f"{at(67.1)}", why="The auditors ask for it by the end of the year.",
    )  # fmt: skip
    yield rock("phones", 4, "Lockers open without a phone", (12, 20, 40), 76.5, needs="mobile app, identity")
    yield rock("one_search", 5, "One search for tools and lockers", (10, 18, 35), 78.5, needs="search, catalogue")
    yield rock("month", 6, "A month that closes in a day", (20, 35, 70), 80.5, needs="ledger, invoicing")


def _epic(project: str, turn: int) -> str:
    """Return the title of an epic, as the company's life gives it."""
    return f"Better {THINGS[(3 * turn + len(project)) % len(THINGS)]}"


def _burn(at: Callable[[float], date]) -> Iterator[Told]:
    def burn(
        name: str, author: str, title: str, cost: tuple[float, ...], saves: tuple[float, ...], *versions: Told
    ) -> Told:
        body: dict[str, Any] = {"title": title, "state": "open", "says": author}
        body |= dict(zip(("low", "likely", "high"), cost, strict=False))
        body |= dict(zip(("saves_low", "saves_likely", "saves_high"), saves, strict=False))
        (week, more), *later = versions
        return name, "burn", author, (week, {**body, **more}), *later

    yield burn(
        "burn_release", "Tovi", "A release of ledger that anybody can do", (10, 15, 30), (0.5, 1.5, 3),
        (60.3, {"metric": "deployment_frequency", "sure": "a guess", "pain": "Each release of ledger takes two mornings."}),
    )  # fmt: skip
    yield burn(
        "burn_checks", "Wrena", "Checks that are done in ten minutes", (8, 12, 20), (1, 2, 4),
        (61.2, {"metric": "ci_wait", "sure": "measured", "pain": "Every change waits for its checks, and so does whoever wrote it."}),
    )  # fmt: skip
    yield burn(
        "burn_names", "Lumi", "One list of the names of all tools", (20, 30, 60), (0.1, 0.3, 0.5),
        (61.4, {"sure": "a guess", "pain": "Three lists are kept by hand, and they differ."}),
    )  # fmt: skip
    yield burn(
        "burn_recorder", "Wrena", "A second recorder", (4, 6, 10), (),
        (35.2, {"pain": "When the recorder is down nobody knows what went out."}),
    )  # fmt: skip
    yield burn(
        "burn_provision", "Quill", "People open a service themselves", (20, 30, 50), (1, 2, 4),
        (3.4, {"metric": "requests", "sure": "fairly sure", "pain": "Every new service waits some days for a request to be seen to."}),
        (36.2, {"state": "done", "since": f"{at(24.1)}", "took": 38, "saved": 2.5, "came": "Far fewer requests by hand. It took longer than likely, since a database belongs to it."}),
    )  # fmt: skip
    yield burn(
        "burn_merge", "Bram", "Merging at a fixed hour", (2, 4, 8), (0.5, 1, 2),
        (34.3, {"metric": "merge_time", "sure": "a guess"}),
        (49.1, {"state": "done", "since": f"{at(36.1)}", "took": 5, "saved": 0, "came": "Nothing waited less. We let the hour go."}),
    )  # fmt: skip


def _wanted() -> Iterator[Told]:
    """Yield what the strategy hour talks about unlocking, and the tools it is asked for."""
    for name, author, week, words in (
        (
            "one_basket",
            "Lumi",
            61.2,
            {
                "what": "One basket for the app and the shop",
                "unlocks": "Prices and deposits change in one place, for every market",
                "goal": "Deposits cost the same wherever they are asked for",
                "low": 3,
                "high": 5,
                "owner": "Lumi",
            },
        ),
        (
            "replay",
            "Quill",
            63.2,
            {
                "what": "Playing a busy morning back to a release before customers see it",
                "unlocks": "Releases of checkout without a rehearsal by hand, and larger markets",
                "low": 2,
                "high": 4,
            },
        ),
    ):
        yield name, "capability", author, (week, {**words, "state": "open"})
    yield (
        "queue_view", "tool", "Wrena",
        (62.2, {
            "what": "A view into the message queue", "why": "Whoever is called looks through three logs", "cost": "180 a month",
            "low": 4, "high": 10, "owner": "Wrena", "state": "open",
        }),
    )  # fmt: skip
