"""A power cut at any instant loses nothing that was accepted: what was not yet on the disk may be lost, in part or whole, in any order."""

import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from data.journal import Journal, read_twin
from tests.test_journal import HOUSE, note, told

CUTS = 200
SECTOR = 512  # bytes that a disk writes whole or not at all
WRITER = """
import sys
from pathlib import Path
from data.journal import Journal

kept = Journal(f"sqlite:///{sys.argv[1]}/journal.db", Path(sys.argv[1]) / "journal.jsonl")
for k in range(12):
    one = kept.write("note", {"what": f"{k} " + "x" * 700 * k, "sort": "other", "since": "2026-03-02"}, "Ada")
    print(f"accepted {one.id}", flush=True)
"""
CALLS = "pwrite64,write,ftruncate,fsync,fdatasync,unlink"
CALL = re.compile(r'(\w+)\((?:\d+<)?"?((?:\\x[0-9a-f]{2})*)"?>?(.*)\) += (\d+)')
Change = Callable[[bytearray], None]


@dataclass
class File:
    """What is on the disk for certain, what was written since in its order, and how long programs see the file."""

    whole: bytearray = field(default_factory=bytearray)
    since: list[tuple[int, bytes] | int] = field(default_factory=list)  # (offset, bytes) written, or a length cut to
    length: int = 0


def traced(place: Path) -> Iterator[tuple[str, str, int, bytes]]:
    """Run a writer and yield its calls: name, path, offset or length, bytes."""
    log = place.with_suffix(".calls")
    command = ["strace", "-y", "-xx", "-s", "10000000", "-e", f"trace={CALLS}", "-e", "signal=none", "-o", str(log)]
    subprocess.run([*command, sys.executable, "-c", WRITER, str(place)], cwd=HOUSE, check=True, capture_output=True)

    def plain(told: str) -> bytes:
        return bytes.fromhex(told.replace("\\x", ""))

    for line in log.read_text(encoding="ascii").splitlines():
        if found := CALL.match(line):
            name, path, rest, _ = found.groups()
            sent = re.search(r'"((?:\\x[0-9a-f]{2})*)"', rest)
            number = re.search(r"(\d+)$", rest)
            yield name, plain(path).decode(), int(number[1]) if number else 0, plain(sent[1]) if sent else b""


def after_a_cut(files: dict[str, File], luck: random.Random) -> dict[str, bytearray]:
    """Return what the disk may hold: all that was synced, and of what was written since any part, sector by sector."""
    found = {}
    for name, one in files.items():
        left, share = bytearray(one.whole), luck.choice((0.0, 0.3, 0.7, 1.0))
        for change in one.since:
            if luck.random() >= share:
                continue
            if isinstance(change, int):
                del left[change:]
                continue
            offset, sent = change
            kept = sent if luck.random() < 0.6 else sent[: luck.randrange(0, len(sent) + 1, SECTOR)]
            left.extend(bytes(max(0, offset + len(kept) - len(left))))
            left[offset : offset + len(kept)] = kept
        found[name] = left
    return found


def sync(one: File) -> None:
    """Bring everything that was written to the disk."""
    for change in one.since:
        if isinstance(change, int):
            del one.whole[change:]
        else:
            offset, sent = change
            one.whole.extend(bytes(max(0, offset + len(sent) - len(one.whole))))
            one.whole[offset : offset + len(sent)] = sent
    one.since.clear()


def test_a_power_cut_at_any_instant_loses_nothing_that_was_accepted(tmp_path):
    if not shutil.which("strace"):
        pytest.skip("no strace is installed (Debian: apt-get install strace)")
    place = tmp_path / "home"
    place.mkdir()
    calls, luck = list(traced(place)), random.Random(11)
    files: dict[str, File] = {}
    accepted: list[str] = []
    instants = set(luck.sample(range(len(calls)), min(CUTS, len(calls))))
    lost_something = cuts = 0
    for nth, (name, path, number, sent) in enumerate(calls):
        if sent.startswith(b"accepted "):
            accepted.append(sent.split()[1].decode())
        elif Path(path).parent == place and not path.endswith("-shm"):
            one = files.setdefault(Path(path).name, File())
            if name in {"pwrite64", "write"}:
                offset = number if name == "pwrite64" else one.length
                one.since.append((offset, sent))
                one.length = max(one.length, offset + len(sent))
            elif name == "ftruncate":
                one.since.append(number)
                one.length = number
            elif name == "unlink":
                del files[Path(path).name]
            else:
                sync(one)
        if nth in instants and accepted:
            cuts += 1
            lost_something += any(one.since for one in files.values())
            with tempfile.TemporaryDirectory(dir=tmp_path) as again:
                for file, held in after_a_cut(files, luck).items():
                    Path(again, file).write_bytes(held)
                kept = Journal(f"sqlite:///{again}/journal.db", Path(again) / "journal.jsonl")
                there = kept.everything()
                assert set(accepted) <= {entry.id for entry in there}, f"after call {nth}"
                assert told(read_twin(kept.twin)) == told(there)
                kept.write("note", note("and it goes on"), "Bo")

    assert len(accepted) == 12
    assert cuts > 50
    assert lost_something > 20, "most cuts come while something is not yet on the disk"
