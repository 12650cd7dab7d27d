"""While it collects a person sees how far it is, what it costs and how long it will take; a script gets the figures."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from collectors import progress
from collectors.progress import Pace, Reporter, span
from collectors.stream import Tally
from collectors.wire import Wire
from tests import torture

HOUSE = Path(__file__).resolve().parent.parent


def test_the_time_left_is_a_range_by_the_quicker_and_the_slower_of_the_last_pages():
    pace = Pace()
    for at, there in ((10, 100), (20, 200), (30, 300), (50, 400), (90, 500)):  # .1, .1, .2 and .4 s an item
        assert pace.left(600) is None
        pace.page(there, at)

    assert pace.left(500) == (pytest.approx(50), pytest.approx(100))
    assert pace.left(0) is None


@pytest.mark.parametrize(
    ("seconds", "said"),
    [((3, 7.4), "3 to 7 s"), ((0.2, 0.4), "1 s"), ((100, 290), "2 to 5 min"), ((5400, 9000), "1.5 to 2.5 h")],
)
def test_a_range_of_seconds_is_told_in_the_unit_of_its_end(seconds: tuple[float, float], said: str):
    assert span(*seconds) == said


def test_a_line_tells_items_of_total_requests_budget_time_left_and_what_is_parked(capsys, monkeypatch):
    clock = iter(range(0, 10_000, 20))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    wire = Wire("GitHub (github.com)", "https://api.github.com", {}, requests=40, left=4_900)
    reporter = Reporter()
    reporter.park("github.com")
    for page in range(1, 7):
        tally = Tally(stream="github_pull_requests", scope="a/b", before=500, new=100 * page, expected=2_000)
        reporter.page(tally, wire)

    (*_, last) = capsys.readouterr().err.splitlines()
    assert last.startswith("  a/b pull requests: 1,100 of 2,000, 40 requests, 4,900 left, ")
    assert last.endswith(" min to go, 1 parked")


def test_the_figures_tell_of_every_stream_what_came_what_went_and_how_much_there_should_be():
    with torture.town(torture.SHORT) as town, torture.home() as path:
        town.settle(path)
        settings = {
            "CAIRN_INSECURE_HOSTS": "127.0.0.1",
            "GITHUB_TOKEN": "t",
            "JIRA_EMAIL": "a@b.example",
            "JIRA_TOKEN": "t",
        }
        done = subprocess.run(
            [sys.executable, "-m", "collectors", "sync", "--json"],
            cwd=HOUSE, env={**torture.os.environ, **settings}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        github, _ = json.loads(done.stdout.splitlines()[-1])["sources"]
        held = torture.held("team")

    for name in ("github_pull_requests", "github_deployments"):
        told = github["streams"][name]
        assert told["items"] == told["expected"] == told["new"] == int(held[name].split()[0]) > 0
        assert (told["incomplete"], told["gone"]) == (0, 0)
    assert github["streams"]["github_issues"]["expected"] == 0  # a list that is empty is not a list of unknown length
