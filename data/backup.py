"""A backup: one file with everything that cannot be made again by itself, and the way back onto an empty machine.

It holds what was collected, what people wrote, closed pulses, the key behind the hashes of people, and the team's words. It
holds no token, and nothing of a pulse that is still open: two backups would tell what was answered between them. Editions are
made anew from it.
"""

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from data.editions import Edition, company, publish
from data.errors import CairnError
from data.forgotten import person_key
from data.journal import begun, journal, read_twin
from data.pulse import Pulse
from data.store import FORMAT, Live, folder, home, lake_of
from data.team import team_file

ABOUT, STORE, WRITTEN, PULSES, KEY, WORDS = (
    "about.json", "live.duckdb", "journal.jsonl", "pulses.json", "person.key", "team.toml",
)  # fmt: skip


def backup(path: Path, today: date) -> dict[str, Any]:
    """Write the company whose edition is read into one file, and return what it says of itself: company, made_at, members.

    Raises CairnError while a sync is running, when there is nothing yet, or when the file is there already.
    """
    which = company()
    if not lake_of(which) and not (folder(which) / STORE).exists():
        raise CairnError("There is nothing to back up yet: no sync has run here. Nothing was written.")
    if path.exists():
        raise CairnError(f"{path} is there already, and a backup never writes over another.\nName another file.")
    draft = path.with_name(f"{path.name}.tmp")
    with tempfile.TemporaryDirectory(dir=path.parent) as place, Live(which) as live:
        members = dict(_written(Path(place), today)) | {STORE: _collected(live, Path(place))}
        about = {
            "company": which,
            "format": FORMAT,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "members": {name: _hash(member) for name, member in members.items()},
        }
        (Path(place) / ABOUT).write_text(json.dumps(about), encoding="utf-8")
        with tarfile.open(draft, "w") as kept:
            for name, member in {ABOUT: Path(place) / ABOUT, **members}.items():
                kept.add(member, name)
    draft.chmod(0o600)
    with draft.open("rb+") as handle:
        os.fsync(handle.fileno())
    draft.replace(path)
    return about


def restore(path: Path) -> Edition:
    """Take everything back out of a backup into an empty CAIRN_HOME, publish it and return the edition.

    Raises CairnError when there is something already, or when the file is no backup, damaged, or of a newer program.
    """
    with tempfile.TemporaryDirectory(dir=_nearest(home())) as place:
        about = _unpacked(path, Path(place))
        which = about["company"]
        lake = lake_of(which)
        if (not lake and (folder(which) / STORE).exists()) or (begun(which) and journal(which).last()):
            raise CairnError(
                f"There is something in {folder(which)} already, and a restore never writes over it. Nothing was changed.\n"
                "Set CAIRN_HOME to an empty folder, or move the files there away."
            )
        folder(which).mkdir(parents=True, exist_ok=True)
        if lake:
            from data import move  # noqa: PLC0415

            move.into_lake(Path(place) / STORE, lake)
            (Path(place) / STORE).unlink()
        for name, target in ((KEY, home() / KEY), (WORDS, team_file()), (STORE, folder(which) / STORE)):
            if (Path(place) / name).exists() and not target.exists():
                shutil.move(Path(place) / name, target)
        if (Path(place) / WRITTEN).exists():
            kept = journal(which)
            kept.adopt(read_twin(Path(place) / WRITTEN))
            told = json.loads((Path(place) / PULSES).read_text(encoding="utf-8"))
            Pulse(kept).adopt((month, date.fromisoformat(until), counts) for month, until, counts in told)
    with Live(which) as live:
        return publish(live, afresh=True)


def _collected(live: Live, place: Path) -> Path:
    """Return the file with all that was collected; out of a lake it is copied into a folder first."""
    if live.lake:
        from data import move  # noqa: PLC0415 who has no lake pays nothing for it

        move.out_of_lake(live.lake, place / STORE)
        return place / STORE
    live.connection.execute("checkpoint")
    return live.path


def _written(place: Path, today: date) -> Iterator[tuple[str, Path]]:
    """Write what goes along beside the store into a folder, and yield each name with its file."""
    person_key(home())
    yield KEY, home() / KEY
    if company() == "team" and team_file().exists():
        yield WORDS, team_file()
    if begun():
        kept = journal()
        (place / WRITTEN).write_text("".join(f"{one.line()}\n" for one in kept.everything()), encoding="utf-8")
        yield WRITTEN, place / WRITTEN
        closed = [(month, f"{month}-01", counts) for month, counts in Pulse(kept).closed(today)]
        (place / PULSES).write_text(json.dumps(closed), encoding="utf-8")
        yield PULSES, place / PULSES


def _unpacked(path: Path, place: Path) -> dict[str, Any]:
    """Unpack a backup into a folder and return what it says of itself; every member is as it was when it was made."""
    try:
        with tarfile.open(path) as kept:
            for name in (ABOUT, STORE, WRITTEN, PULSES, KEY, WORDS):  # no other name, and no path, leaves the file
                if name in kept.getnames() and (member := kept.extractfile(name)):
                    with (place / name).open("xb") as whole:
                        shutil.copyfileobj(member, whole)
        about = json.loads((place / ABOUT).read_text(encoding="utf-8"))
        wrong = [name for name, told in about["members"].items() if _hash(place / name) != told]
        newer = about["format"] > FORMAT
    except (OSError, tarfile.TarError, ValueError, KeyError, TypeError) as error:
        raise CairnError(
            f"{path} is no backup of Cairn, or it was cut off ({type(error).__name__}). Nothing was changed."
        ) from error
    if wrong:
        raise CairnError(
            f"{path} was damaged: {', '.join(wrong)} is not what was written. Nothing was changed. Use another backup."
        )
    if newer:
        raise CairnError(f"{path} was made by a newer Cairn. Nothing was changed. Update this one and run again.")
    return about


def _nearest(path: Path) -> Path:
    """Return the folder, or the first above it that is there: what is unpacked there can be moved without being copied."""
    return next(one for one in (path, *path.parents) if one.exists())


def _hash(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
