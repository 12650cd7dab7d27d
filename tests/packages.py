"""What is installed: every package with its licence, how many there are, and why those are here that the project asks for itself."""

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HOUSE = Path(__file__).resolve().parent.parent
PIECES = {"run": "dependencies", "test": "dev"}  # of pyproject.toml: what it takes to run, and to test


@dataclass(frozen=True)
class Package:
    """An installed package; `needed` to run or to test, `reason` only where pyproject.toml asks for it itself."""

    name: str
    version: str
    licence: str
    needed: str
    reason: str


def asked(needed: str) -> dict[str, tuple[Requirement, str]]:
    """Return what pyproject.toml asks for to run or to test, each with the reason beside it."""
    text = (HOUSE / "pyproject.toml").read_text(encoding="utf-8")
    listed = text.split(f"\n{PIECES[needed]} = [\n", 1)[1].split("\n]\n", 1)[0]
    found = [re.fullmatch(r' *"([^"]+)",(?: *# (\S.*))?', line) for line in listed.splitlines()]
    wanted = [(Requirement(line[1]), line[2] or "") for line in found if line]
    return {canonicalize_name(one.name): (one, reason) for one, reason in wanted}


def together(wanted: Iterable[Requirement]) -> set[str]:
    """Return the names of the packages that some requirements bring along on this machine, their own among them."""
    todo, seen, names = list(wanted), set(), set()
    while todo:
        one = todo.pop()
        name = canonicalize_name(one.name)
        names.add(name)
        for extra in {"", *one.extras} - {extra for known, extra in seen if known == name}:
            seen.add((name, extra))
            for told in distribution(name).requires or ():
                more = Requirement(told)
                if more.marker is None or more.marker.evaluate({"extra": extra}):
                    todo.append(more)
    return names


def licence(told: Distribution) -> str:
    """Return a package's licence as it tells it itself: an expression, a classifier, a word, or how its licence file begins."""
    words = told.metadata
    classes = [one.rpartition(" :: ")[2] for one in words.get_all("Classifier") or () if one.startswith("License ::")]
    files = [file for file in told.files or () if re.search(r"licen[cs]e", file.name, re.IGNORECASE)]
    lines = [told.read_text(f"licenses/{file.name}") or "" for file in files]
    ways = (words["License-Expression"], " and ".join(classes), words["License"], *lines)
    return next((way.strip().splitlines()[0][:60] for way in ways if way and way.strip()), "not told")


def packages() -> list[Package]:
    """Return every package that is installed, by name."""
    to_run = together(one for one, _ in asked("run").values())
    reasons = {name: reason for needed in PIECES for name, (_, reason) in asked(needed).items()}
    found = []
    for told in distributions():
        name = canonicalize_name(told.metadata["Name"])
        needed = "run" if name in to_run else "test"
        found.append(Package(name, told.version, licence(told), needed, reasons.get(name, "")))
    return sorted(found, key=lambda one: one.name)


def main() -> None:
    every = packages()
    wide = max(len(one.name) + len(one.version) for one in every) + 1
    broad = max(len(one.licence) for one in every)
    for one in every:
        line = f"{f'{one.name} {one.version}':<{wide}}  {one.needed:<4}  {one.licence:<{broad}}  {one.reason}"
        sys.stdout.write(f"{line.rstrip()}\n")
    to_run, direct = sum(one.needed == "run" for one in every), sum(bool(one.reason) for one in every)
    sys.stdout.write(
        f"\n{len(every)} packages: {to_run} to run, {len(every) - to_run} more to test and build;"
        f" {direct} of them are asked for in pyproject.toml, with the reason.\n"
    )


if __name__ == "__main__":
    main()
