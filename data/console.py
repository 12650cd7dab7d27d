"""The console: one SELECT over an edition, answered by a process of its own or not at all.

The process (console_child.py) has one file and nothing else: an empty environment, no way to open a file or a socket, 2 GiB of
memory, and of functions that stand for a table a few. On the screen that file is the edition's open file (open_file.py), and after
five seconds the process is ended; on the command line, where the edition lies at hand anyway, it is the edition itself, and there
is time. Whoever asked and whatever came of it, the question is written down (console_log.py).
"""

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data import console_child, console_log
from data.editions import Edition, newest_of_all
from data.entry import TEXT
from data.errors import CairnError
from data.open_file import open_file

if TYPE_CHECKING:
    import pandas as pd

AT_ONCE = 2  # questions; each may take as much memory as there is for one
WIDE = 16  # bytes of JSON a letter may take, and a little for what is around it
TABLES = "Tables: 'show tables'; columns: 'describe deployments'. Nothing was changed."
WHY = {
    "none": "There is no question in it. Write one SELECT, for example: from deployments limit 5",
    "several": "These are several statements, and one SELECT is answered at a time (PIVOT is several, too). Nothing was done.",
    "no select": "This is no SELECT. Here one can ask, and nothing else: nothing is written, opened or set. Nothing was done.",
    "function": "It takes a function for a table that is not among "
    f"{', '.join(sorted(console_child.MAY_BE_ASKED))}: those alone may be asked besides the tables. Nothing was done.",
    "memory": "It takes more memory than there is for one question. Ask for fewer rows, or for sums instead of rows.",
    "time": "It takes longer than {seconds} seconds and was ended. Ask for less: a few months, one repository, or sums.",
    "ended": "It was ended: it took more memory or did more than a question may. Ask for fewer rows, or for sums instead of rows.",
    "long": f"A question has at most {TEXT:,} letters, and this one has more. Nothing was done.",
    "letters": "It holds letters that no text has, so nothing was done. Type it anew where they stand.",
    "busy": f"{AT_ONCE} questions are being answered. Ask again in a few seconds.",
}
EXAMPLES = {  # what to begin with
    "Where do pull requests wait longest for a review?": """select repo, count(*) as n, round(median(pickup_working_hours), 1) as hours
from pull_requests
where bot is not true and merged_at > now() - interval 12 weeks
group by repo
having n >= 8
order by hours desc""",
    "Which kinds of issues come back after they were done?": """select type, count(*) as n, count(*) filter (reopens > 0) as came_back
from issues
where resolved_at is not null
group by type
order by came_back desc""",
    "What was deployed last, and how did it end?": """select finished_at, repo, environment, outcome, url
from deployments
order by finished_at desc nulls last
limit 20""",
}
_TURNS = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Reach:
    """How far a question may go: whether to all columns, or to those that anybody may see; seconds, rows, letters of all cells."""

    everything: bool
    seconds: int
    rows: int
    letters: int


SCREEN = Reach(everything=False, seconds=5, rows=10_000, letters=8_000_000)
COMMAND = Reach(everything=True, seconds=300, rows=1_000_000, letters=50_000_000)


class NotAnsweredError(CairnError):
    """Why there is no answer, in words; `outcome` is what the list of questions says of it."""

    def __init__(self, told: str, outcome: str) -> None:
        super().__init__(told)
        self.outcome = outcome


@dataclass(frozen=True)
class Answer:
    """Columns with the types DuckDB gives them, and rows. Of times, which are UTC, and of all that is no number there is the text.

    `more` tells that rows were left out, `cut` how many cells were cut short.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: bool
    cut: int
    seconds: float

    def frame(self) -> "pd.DataFrame":
        """Return it as a frame: times as times, lists and structures as they are in JSON."""
        import pandas as pd  # noqa: PLC0415  who only asks for rows need not wait for it

        cells = zip(*self.rows, strict=True) if self.rows else ([] for _ in self.columns)
        told = [_column(list(those), kind) for those, kind in zip(cells, self.types, strict=True)]
        made = pd.concat(told, axis=1) if told else pd.DataFrame()
        return made.set_axis(list(self.columns), axis=1)

    def left_out(self) -> str:
        """Return in words what of the whole answer is not there, empty when all of it is."""
        told = [f"These are the first {len(self.rows):,} rows, and there are more."] if self.more else []
        told += [f"{self.cut:,} cells were cut after {console_child.LETTERS:,} letters."] if self.cut else []
        return " ".join(told)


def ask(sql: str, reach: Reach = SCREEN, *, edition: Edition | None = None) -> Answer:
    """Return the answer to one SELECT over an edition, the newest by default, as far as `reach` goes.

    Raises NotAnsweredError in words for whatever is no such question, takes too long or too much memory; NeverCollectedError
    when there is no edition, CairnError when the question cannot be written down.
    """
    found = edition or newest_of_all()
    path = found.path if reach.everything else open_file(found)
    clean = sql.encode("utf-8", "replace").decode("utf-8").replace("\0", "�")[:TEXT]
    number, begun = console_log.begin(found.company, clean), time.monotonic()
    try:
        answer = _answer(sql, path, reach, begun)
    except NotAnsweredError as error:
        console_log.end(found.company, number, time.monotonic() - begun, error.outcome)
        raise
    outcome = f"{len(answer.rows):,} row{'' if len(answer.rows) == 1 else 's'}{' and more' if answer.more else ''}"
    console_log.end(found.company, number, answer.seconds, outcome)
    return answer


def _answer(sql: str, path: Path, reach: Reach, begun: float) -> Answer:
    if len(sql) > TEXT:
        raise _refusal("long")
    if "\0" in sql:
        raise _refusal("letters")
    try:
        asked = sql.encode("utf-8")
    except UnicodeEncodeError:
        raise _refusal("letters") from None
    if not _TURNS.acquire(blocking=False):
        raise _refusal("busy")
    try:
        told = _run(asked, path, reach)
    finally:
        _TURNS.release()
    seconds = time.monotonic() - begun
    try:
        said = json.loads(told)
    except ValueError:
        raise _refusal("time" if seconds >= reach.seconds else "ended", seconds=reach.seconds) from None
    if "error" in said:
        raise NotAnsweredError(f"The question could not be answered: {said['error']}\n{TABLES}", "not understood")
    if "refused" in said:
        raise _refusal(said["refused"])
    rows = tuple(map(tuple, said["rows"]))
    return Answer(tuple(said["columns"]), tuple(said["types"]), rows, said["more"], said["cut"], seconds)


def _run(asked: bytes, path: Path, reach: Reach) -> bytes:
    """Return what a process of its own said to a question, as much as it said before it was ended."""
    limits = (reach.seconds, reach.rows, reach.letters)
    command = [sys.executable, "-I", "-B", console_child.__file__, path.name, *map(str, limits)]
    try:
        with subprocess.Popen(  # noqa: S603  nothing of it was typed by anybody
            command,
            cwd=path.parent,
            env={},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as child:
            assert child.stdin  # noqa: S101  both are pipes
            assert child.stdout  # noqa: S101
            end = threading.Timer(reach.seconds, child.kill)
            end.start()
            try:
                child.stdin.write(asked)
                child.stdin.close()
                return child.stdout.read(WIDE * reach.letters)
            finally:
                end.cancel()
                child.kill()
    except BrokenPipeError:  # it ended before it had read the question
        return b""


def _refusal(why: str, **told: int) -> NotAnsweredError:
    outcome = {"time": "ended after its time", "ended": "ended", "memory": "ended: too much memory"}.get(why, "refused")
    return NotAnsweredError(WHY[why].format(**told), outcome)


def _column(cells: list[Any], kind: str) -> "pd.Series":
    import pandas as pd  # noqa: PLC0415

    if kind.startswith(("TIMESTAMP", "DATE")):
        zoned = kind.startswith("TIMESTAMP WITH")
        return pd.Series(pd.to_datetime(pd.Series(cells, dtype=object), format="ISO8601", errors="coerce", utc=zoned))
    if kind.endswith("]") or kind.startswith(console_child.NESTED):
        return pd.Series([_nested(cell) for cell in cells], dtype=object)
    if kind.startswith(console_child.NUMBERS) or kind in {"FLOAT", "DOUBLE"}:
        return pd.Series(cells, dtype="float64")
    if kind in console_child.AS_IT_IS and kind != "BOOLEAN":
        whole = "UInt64" if kind == "UBIGINT" else "Int64"
        return pd.Series(cells, dtype=whole)
    return pd.Series(cells, dtype="str" if kind == "VARCHAR" else object)


def _nested(cell: str | None) -> Any:
    try:
        return None if cell is None else json.loads(cell)
    except ValueError:  # it was cut
        return cell
