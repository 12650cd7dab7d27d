"""What came of the torture, part by part: the rows of docs/torture.md, each written by the run it tells of."""

import os
import platform
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent
PLACE = HOUSE / "docs" / "torture.md"
HEADS = ("part", "cases are", "there are", "run", "broken", "s", "day", "version", "machine")
HEAD = """# Torture

Written by `make torture`; do not edit. Each row tells of the last run of its part, `make torture ARGS="kills --first 40"` of a
part of one. After every case what is held is compared with what a clean collection holds: nothing may be lost, doubled, changed,
emptied or said badly; and nothing may be answered, run, shown or told that must not be.
"""


@dataclass(frozen=True)
class Ran:
    """One run of a part: how many cases there are, which were run, and which of them broke."""

    part: str
    what: str
    cases: int
    numbers: Sequence[int]
    broken: Sequence[int]
    seconds: float
    left_out: int = 0  # cases that something missing on this machine kept from running
    seen: dict[str, int] = field(default_factory=dict)  # what else was counted meanwhile, by what it is

    def words(self) -> str:
        """Return what came of it in a sentence, for docs/log.md."""
        told = f"{len(self.numbers) - self.left_out:,} {self.what} ({self.which()}): "
        told += f"{len(self.broken)} BROKEN: {self.broken[:20]}" if self.broken else "nothing broke"
        return f"{told}; {self.seconds:.0f} s."

    def which(self) -> str:
        """Return which cases were run."""
        if not self.numbers:
            return "none"
        every = self.numbers[1] - self.numbers[0] if len(self.numbers) > 1 else 1
        told = f"{self.numbers[0]} to {self.numbers[-1]}{f', one in {every}' if every > 1 else ''}"
        told += "".join(f", {n:,} {what}" for what, n in self.seen.items())
        return f"{told}, {self.left_out} could not" if self.left_out else told

    def row(self) -> tuple[str, ...]:
        broken = f"{len(self.broken)}: {', '.join(map(str, self.broken[:20]))}" if self.broken else "0"
        ran = f"{len(self.numbers) - self.left_out:,}: {self.which()}"
        seconds, day = f"{self.seconds:,.0f}", f"{datetime.now(UTC):%Y-%m-%d}"
        return self.part, self.what, f"{self.cases:,}", ran, broken, seconds, day, version(), machine()


def write(ran: Iterable[Ran], parts: dict[str, tuple[str, int]], path: Path = PLACE) -> None:
    """Put runs into the file, in the place of the rows of their parts.

    `parts` tells of every part what its cases are and how many there are, 0 where only a run knows.
    """
    there = path.read_text(encoding="utf-8") if path.exists() else ""
    rows = {
        part: (part, what, f"{count:,}" if count else "", "not run", *[""] * 5) for part, (what, count) in parts.items()
    }
    rows |= {
        cells[0]: tuple(cells)
        for line in re.findall(r"^\| (.+) \|$", there, re.MULTILINE)
        if (cells := [cell.strip() for cell in line.split(" |")])[0] in rows
    }
    rows |= {one.part: one.row() for one in ran}
    lines = [HEADS, ("---", "---", "---:", "---", "---", "---:", "---", "---", "---"), *rows.values()]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    path.write_text(f"{HEAD}\n{table}\n", encoding="utf-8")


def version() -> str:
    """Return the commit that is checked out, and whether anything but what the torture writes was changed since."""
    commit = _git("rev-parse", "--short", "HEAD")
    changed = [line for line in _git("status", "--porcelain").splitlines() if not line.endswith("docs/torture.md")]
    return f"{commit} and changes" if changed else commit


def machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def _git(*words: str) -> str:
    told = ["git", "-c", "safe.directory=*", *words]
    return subprocess.run(told, cwd=HOUSE, capture_output=True, text=True, check=False).stdout.strip()
