"""What a person sees while it collects: bars on a terminal, plain lines in a log."""

import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Self

from collectors.stream import Tally
from collectors.wire import Wire

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

QUIET = 5.0  # seconds between plain lines of one source
LATELY = 20  # pages the pace is taken from
FEW = 4  # pages that tell no pace yet


@dataclass
class Pace:
    """How fast a stream is read, by its last pages."""

    there: int = 0
    at: float = 0.0
    lately: deque[float] = field(default_factory=lambda: deque(maxlen=LATELY))  # seconds an item took, page by page

    def page(self, there: int, now: float) -> None:
        """Take in that so many items are there by now, in seconds of any clock."""
        if there > self.there and self.at:
            self.lately.append((now - self.at) / (there - self.there))
        self.there, self.at = there, now

    def left(self, items: int) -> tuple[float, float] | None:
        """Return the seconds that many items will take, as a range: by the quicker and the slower quarter of the last pages.

        None while too few pages were read to tell, and when nothing is left.
        """
        if len(self.lately) < FEW or items <= 0:
            return None
        paces = sorted(self.lately)
        return items * paces[len(paces) // 4], items * paces[-1 - len(paces) // 4]


class Reporter:
    """Shows items of total, requests, what is left of the budget and the time, and what is parked. All to standard error."""

    def __init__(self) -> None:
        self.bars = _bars() if sys.stderr.isatty() else None
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._paces: dict[tuple[str, str, str], Pace] = {}
        self._parked: Counter[str] = Counter()
        self._told: dict[str, float] = {}

    def __enter__(self) -> Self:
        if self.bars:
            self.bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bars:
            self.bars.stop()

    def say(self, line: str) -> None:
        """Print one line."""
        if self.bars:
            self.bars.console.print(line, markup=False, highlight=False)
        else:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()

    def park(self, source: str) -> None:
        """Count what is left for the next run; its reason is told at the end."""
        self._parked[source] += 1

    def page(self, tally: Tally, wire: Wire) -> None:
        """Show how far a stream is."""
        pace = self._paces.setdefault((wire.name, tally.scope, tally.stream), Pace())
        there = tally.before + tally.new
        pace.page(there, time.monotonic())
        left = pace.left((tally.expected or 0) - there)
        parked = next((n for name, n in self._parked.items() if f"({name})" in wire.name), 0)
        note = ", ".join(
            [
                f"{wire.requests:,} requests",
                *([f"{wire.left:,} left"] if wire.left is not None else []),
                *([f"{span(*left)} to go"] if left else []),
                *([f"{parked} parked"] if parked else []),
            ]
        )
        if self.bars:
            key = (tally.scope, tally.stream)
            if key not in self._tasks:
                self._tasks[key] = self.bars.add_task(_title(tally), total=tally.expected, note=note)
            self.bars.update(self._tasks[key], completed=there, total=tally.expected, note=note)
        elif time.monotonic() - self._told.get(wire.name, 0.0) > QUIET:
            self._told[wire.name] = time.monotonic()
            of = f" of {tally.expected:,}" if tally.expected else ""
            self.say(f"  {_title(tally)}: {there:,}{of}, {note}")

    def done(self, tally: Tally) -> None:
        """Take a finished stream off the screen."""
        key = (tally.scope, tally.stream)
        if self.bars and key in self._tasks:
            self.bars.update(self._tasks.pop(key), visible=False)


def span(low: float, high: float) -> str:
    """Return a range of seconds as a person says it: '20 to 40 s', '3 to 5 min', '1.5 to 2 h'."""
    unit, size, digits = ("h", 3600, 1) if high > 5400 else ("min", 60, 0) if high > 90 else ("s", 1, 0)
    told = [f"{max(value / size, 10**-digits):.{digits}f}".removesuffix(".0") for value in (low, high)]
    return f"{' to '.join(dict.fromkeys(told))} {unit}"


def _bars() -> "Progress":
    from rich.console import Console  # noqa: PLC0415 a log needs none of it, and it takes long to import
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[note]}")
    return Progress(*columns, console=Console(stderr=True))


def _title(tally: Tally) -> str:
    where = "" if tally.scope == "*" else f"{tally.scope} "
    return where + tally.stream.split("_", 1)[1].replace("_", " ")
