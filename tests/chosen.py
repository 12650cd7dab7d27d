"""Promises by number: `python -m tests.chosen WORDS FIRST LAST EVERY` runs some of those that pytest chooses by the words.

Ends with a line of JSON: how many cases there are, the numbers that were run, those that broke and those that could not be run.
"""

import contextlib
import json
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


class Chosen:
    """Lets pytest run some of the cases it has found, by number, and keeps what came of them."""

    def __init__(self, first: int, last: int, every: int) -> None:
        self.asked, self.numbers, self.there = (first, last, every), range(0), dict[str, int]()
        self.broken, self.left_out = set[int](), set[int]()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        first, last, every = self.asked
        self.there = {item.nodeid: number for number, item in enumerate(items)}
        self.numbers = range(first, min(last, len(items)), every)
        items[:] = [items[number] for number in self.numbers]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.broken.add(self.there[report.nodeid])
        elif report.skipped:
            self.left_out.add(self.there[report.nodeid])


def main(words: str, *asked: str) -> int:
    chosen = Chosen(*map(int, asked))
    with contextlib.redirect_stdout(sys.stderr):
        code = pytest.main([str(HERE), "-q", "-p", "no:cacheprovider", "-k", words], [chosen])
    told = {"cases": len(chosen.there), "numbers": list(chosen.numbers)}
    told |= {"broken": sorted(chosen.broken), "left_out": sorted(chosen.left_out)}
    sys.stdout.write(json.dumps(told) + "\n")
    return 0 if code in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED} else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
