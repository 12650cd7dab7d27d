"""Usage from files: CSV or Parquet dropped into the folder `usage` of the data files, one row per feature and moment.

Columns: `happened_at` (a day, or a time; without an offset it is UTC), `feature`, and if you like `count` (1 if empty), `area` and
`user`. Other columns are left alone. The content of a file decides whether it is new: a file that changed is read again and
replaces what it said before, a copy under another name counts once. A file that was taken away leaves its rows: the folder
may be an inbox. To take rows back, put the file there again with its header alone.
"""

import csv
import hashlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import httpx

from collectors.stream import Context, Page, Place, Stream
from collectors.wire import Refused
from data import CairnError, Row, parquet
from data.store import Company, folder

AT_A_TIME = 10_000  # rows kept together
SHOWN = 3  # bad rows named in words; all of them are in raw.usage_set_aside
LARGEST = 2**53


class Nowhere(httpx.AsyncBaseTransport):
    """A line that leads nowhere: files need none."""


def files(company: Company) -> list[Path]:
    """Return the files dropped into a company's folder, by name."""
    place = folder(company) / "usage"
    kinds = {".csv", ".parquet"}
    return sorted(
        p for p in place.glob("*") if p.suffix.lower() in kinds and p.is_file() and not p.name.startswith(".")
    )


async def read(at: Context, place: Place) -> AsyncIterator[Page]:
    """Yield the rows of files that are new or changed. Raises Refused at the end when rows had to be set aside."""
    known: dict[str, dict[str, Any]] = dict(place.get("files", {}))
    for path in files(at.store.company):
        content = digest(path)
        if content in {one["content"] for one in known.values()}:
            continue
        numbers: set[str] = set()
        bad: list[Row] = []
        told = (_row(path, number, row, at) for number, row in enumerate(_rows(path), start=2))
        while some := list(islice(told, AT_A_TIME)):
            good = [row for row in some if "reason" not in row.body]
            bad += [row for row in some if "reason" in row.body]
            numbers |= {row.id for row in good}
            yield Page(good, {"files": known}, done=False)
        _replace(at, "usage_rows", path.name, numbers)
        aside = at.origin("usage_set_aside")
        at.store.land(aside, bad, at.store.progress(at.origin("usage_rows")), at.wire.now)
        _replace(at, "usage_set_aside", path.name, {row.id for row in bad})
        lines = [f"{row.body['where']}: {row.body['reason']}" for row in bad[:SHOWN]]
        known[path.name] = {"content": content, "rows": len(numbers), "bad": len(bad), "told": lines}
    yield Page([], {"files": known}, done=True, expected=sum(one["rows"] for one in known.values()))
    if spoilt := {name: one for name, one in known.items() if one["bad"]}:
        raise Refused(
            " ".join(
                f"{name}: {one['bad']} of {one['rows'] + one['bad']} rows were set aside ({'; '.join(one['told'])})."
                for name, one in spoilt.items()
            )
            + " Correct the file and leave it in the folder usage; all other rows are kept."
        )


def digest(path: Path) -> str:
    """Return what tells a file's content from any other."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _replace(at: Context, stream: str, name: str, there: set[str]) -> None:
    """Mark as gone what a file said before and says no more."""
    origin = at.origin(stream)
    before = [i for i in at.store.versions(origin) if i.rpartition(":")[0] == name and i not in there]
    at.store.gone(origin, before, at.wire.now)


def _rows(path: Path) -> Iterator[dict[str, str | None] | str]:
    """Yield the rows of a file as text, or the reason why one, or all that follow, cannot be read."""
    try:
        if path.suffix.lower() == ".parquet":
            yield from parquet.rows(path)
            return
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            file.seek(0)
            found = csv.DictReader(file, delimiter=max(",;\t", key=head.count), strict=True)
            while True:
                try:
                    yield next(found)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield f"{error}"
    except (CairnError, OSError, UnicodeDecodeError) as error:
        yield f"the file cannot be read from here on: {error}"


def _row(path: Path, number: int, told: dict[str, str | None] | str, at: Context) -> Row:
    """Return a row to keep, or one with the reason why it cannot be kept."""
    where = f"{path.name}:{number}"
    try:
        body = _checked(told)
    except ValueError as reason:
        body = {"where": f"line {number}", "reason": str(reason), "row": told}
    return Row(where, at.wire.now, body, at.scope)


def _checked(told: dict[str, str | None] | str) -> dict[str, Any]:
    """Return a row's values in the one form they are kept in. Raises ValueError that says what is wrong."""
    if isinstance(told, str):
        raise ValueError(told)  # noqa: TRY004 — it is the reason why there is no row
    row = {str(name).strip().lower(): (value or "").strip() for name, value in told.items() if isinstance(value, str)}
    for name in ("happened_at", "feature"):
        if not row.get(name):
            raise ValueError(f"{name} is missing")
    try:
        moment = datetime.fromisoformat(row["happened_at"])
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"'{row['happened_at'][:40]}' is not a time like 2026-03-02 or 2026-03-02T14:05:00Z") from None
    try:
        count = float(row.get("count") or 1)
    except ValueError:
        count = -1.0
    if not (0 <= count < LARGEST and count.is_integer()):
        raise ValueError(f"'{row['count'][:40]}' is not a whole number of zero or more")
    return {
        "happened_at": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "feature": row["feature"],
        "count": int(count),
        "area": row.get("area") or None,
        "user": row.get("user") or None,
    }


STREAMS = (Stream(name="usage_rows", read=read),)
