"""What a person sees while it collects: bars on a terminal, plain lines in a log."""

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from collectors.stream import Tally
from collectors.wire import Wire

QUIET = 5.0  # seconds between plain lines of one source


class Reporter:
    """Shows items of total, requests and what is left of the budget, per stream. Everything goes to standard error."""

    def __init__(self) -> None:
        self.console = Console(stderr=True)
        self.bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=self.console,
        )
        self.shown = self.console.is_terminal
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._told: dict[str, float] = {}

    def __enter__(self) -> Self:
        if self.shown:
            self.bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.shown:
            self.bars.stop()

    def say(self, line: str) -> None:
        """Print one line."""
        if self.shown:
            self.console.print(line, markup=False, highlight=False)
        else:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()

    def page(self, tally: Tally, wire: Wire) -> None:
        """Show how far a stream is."""
        key = (tally.scope, tally.stream)
        note = f"{wire.requests} requests" + (f", {wire.left:,} left" if wire.left is not None else "")
        if self.shown:
            if key not in self._tasks:
                self._tasks[key] = self.bars.add_task(_title(tally), total=tally.expected, note=note)
            self.bars.update(self._tasks[key], completed=tally.read, total=tally.expected, note=note)
        elif time.monotonic() - self._told.get(wire.name, 0.0) > QUIET:
            self._told[wire.name] = time.monotonic()
            of = f" of {tally.expected}" if tally.expected else ""
            self.say(f"  {_title(tally)}: {tally.read}{of}, {note}")

    def done(self, tally: Tally) -> None:
        """Take a finished stream off the screen."""
        key = (tally.scope, tally.stream)
        if key in self._tasks:
            self.bars.update(self._tasks.pop(key), visible=False)


def _title(tally: Tally) -> str:
    where = "" if tally.scope == "*" else f"{tally.scope} "
    return where + tally.stream.split("_", 1)[1].replace("_", " ")
