"""The numbers for scripts: what `python -m metrics` prints keeps its shape, and its errors are words."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from data import edition
from metrics import METRICS, __main__, metric, rows, trend

HOUSE = Path(__file__).resolve().parent.parent


@pytest.fixture
def ask(monkeypatch, capsys):
    """Return a function that runs one command and returns its exit code, its answer and its complaint."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["metrics", *words])
        with pytest.raises(SystemExit) as ended:
            __main__.run()
        answer, complaint = capsys.readouterr()
        return ended.value.code or 0, answer, complaint

    return run


@pytest.fixture
def a_company(nouns):
    """Publish seven weeks with one to seven deployments each, in two repositories."""
    nouns(
        'timezone = "Europe/Berlin"\n',
        complete_to="2026-02-22 23:00",
        deployments=[
            {
                "id": 10 * week + n,
                "repo": f"acme/{'shop' if n % 2 else 'pay'}",
                "environment": "production",
                "production": True,
                "sha": f"{week}{n}",
                "outcome": "success",
                "finished_at": f"2026-0{1 + (4 + 7 * week) // 31}-{1 + (4 + 7 * week) % 31:02} 0{n}:00",
                "url": "https://a.example/deployments",
            }
            for week in range(7)
            for n in range(week + 1)
        ],
    )


def test_list_says_what_every_metric_is(ask):
    code, answer, complaint = ask("list", "--json")
    told = json.loads(answer)

    assert (code, complaint) == (0, "")
    assert [one["name"] for one in told] == [one.name for one in METRICS]
    assert {tuple(one) for one in told} == {
        ("name", "title", "unit", "better", "fold", "about", "caution", "asks", "needs", "minimum", "private")
    }
    for one in METRICS:
        assert f"{one.title} ({one.unit})" in ask("list")[1]


def test_show_prints_the_points_and_the_usual_range(ask, a_company):
    code, answer, complaint = ask("show", "deployment_frequency", "--json")
    told = json.loads(answer)
    points = told.pop("points")

    assert (code, complaint) == (0, "")
    assert told == {
        "metric": "deployment_frequency",
        "title": "Deployment frequency",
        "unit": "deployments",
        "fold": "count",
        "every": "week",
        "area": None,
        "kind": None,
        "since": None,
        "until": None,
        "edition": edition().name,
        "complete_to": "2026-02-22T23:00:00Z",
        "usual": {
            "low": pytest.approx(4 - 2.66),
            "middle": 4.0,
            "high": pytest.approx(4 + 2.66),
            "since": "2026-01-05",
            "until": "2026-02-23",
            "n": 7,
        },
        "missing": None,
        "incomplete": None,
    }
    assert points[0] == {
        "starts": "2026-01-05", "ends": "2026-01-12", "value": 1.0, "low": None, "high": None, "p85": None,
        "n": 1, "of": 1, "coverage": 1.0,
    }  # fmt: skip
    assert [point["value"] for point in points] == [1, 2, 3, 4, 5, 6, 7]


def test_show_cuts_the_points_and_leaves_the_usual_range_where_it_was(ask, a_company):
    whole = json.loads(ask("show", "deployment_frequency", "--json")[1])
    told = json.loads(
        ask("show", "deployment_frequency", "--since", "2026-01-19", "--until", "2026-02-02", "--json")[1]
    )

    assert told["points"] == whole["points"][2:4]
    assert (told["since"], told["until"]) == ("2026-01-19", "2026-02-02")
    assert told["usual"] == whole["usual"]


def test_show_and_the_pages_have_the_same_numbers(ask, a_company):
    told = json.loads(ask("show", "deployment_frequency", "--every", "month", "--area", "shop", "--json")[1])
    points = trend(metric("deployment_frequency"), "month", area="shop")

    assert told["area"] == "shop"
    assert [point["value"] for point in told["points"]] == points["value"].tolist() == [4]


def test_what_is_missing_is_null(ask, nouns):
    nouns(
        complete_to="2026-03-23",
        pull_requests=[{"number": 1, "opened_at": at, "merged_at": at} for at in ("2026-03-03", "2026-03-18")],
    )
    told = json.loads(ask("show", "pickup_time", "--json")[1])

    assert [list(point.values())[2:] for point in told["points"]] == [
        [None, None, None, None, 0, 1, 0],
        [None, None, None, None, 0, 0, None],
        [None, None, None, None, 0, 1, 0],
    ]
    assert told["usual"] is None
    assert json.loads(ask("rows", "pickup_time", "--json")[1])["rows"][0] == {
        "happened_at": "2026-03-03T00:00:00Z",
        "value": None,
        "area": "not set",
        "kind": "unreviewed",
        "what": "#1 ",
        "url": None,
    }


def test_a_metric_without_numbers_says_why_and_what_to_do(ask, nouns):
    nouns(
        complete_to="2026-03-23",
        pull_requests=[{"number": 1, "opened_at": at, "merged_at": at} for at in ("2026-03-03", "2026-03-18")],
    )
    assert "Not enough yet: fewer than 8 with a value in each period." in ask("show", "pickup_time")[1]
    assert "'python -m collectors check' shows what each rule of team.toml matches." in ask("show", "open_bugs")[1]


def test_a_source_that_was_never_read_to_its_end_is_named(ask, nouns):
    nouns(complete_to=None)
    told = json.loads(ask("show", "open_bugs", "--json")[1])

    assert told["missing"].startswith(
        "Open bugs needs GitHub, not read to the end yet. Run 'python -m collectors sync'"
    )
    assert told["missing"] in ask("show", "open_bugs")[1]
    assert "Complete to" not in ask("show", "open_bugs")[1]


def test_what_its_sources_lack_is_said_beside_the_number(ask, nouns):
    nouns(
        sources=[
            {"source": "github", "kind": "github", "stream": "github_deployments", "scope": scope, "complete_to": at, "incomplete": 0}
            for scope, at in (("acme/pay", "2026-02-22"), ("acme/shop", "2026-02-01"))
        ],
        deployments=[{"id": "1", "repo": "acme/pay", "environment": "production", "production": True, "outcome": "success", "finished_at": "2026-02-03"}],
    )  # fmt: skip
    told = json.loads(ask("show", "deployment_frequency", "--json")[1])["incomplete"]

    assert told.startswith("This number lacks something: deployments of acme/shop (read to 1 Feb 2026).")
    assert told in ask("show", "deployment_frequency")[1]


def test_rows_prints_every_event(ask, a_company):
    told = json.loads(ask("rows", "deployment_frequency", "--area", "pay", "--until", "2026-01-12", "--json")[1])

    assert told.pop("rows") == [
        {
            "happened_at": "2026-01-05T00:00:00Z",
            "value": 1.0,
            "area": "pay",
            "kind": "production",
            "what": "pay 00 to production",
            "url": "https://a.example/deployments",
        }
    ]
    assert list(told) == ["metric", "unit", "every", "area", "kind", "since", "until", "edition"]


def test_without_json_a_person_can_read_it(ask, a_company):
    code, answer, _ = ask("show", "deployment_frequency")

    assert code == 0
    assert "Deployment frequency, deployments by week" in answer
    assert "Complete to 2026-02-22 23:00 UTC." in answer
    assert "Usual range 1.34 to 6.66, from 7 periods since 2026-01-05." in answer
    assert "2026-01-12" in answer
    assert len(ask("rows", "deployment_frequency")[1].splitlines()) == 1 + len(rows(metric("deployment_frequency")))


def test_a_title_from_outside_cannot_move_the_cursor(ask, nouns):
    nouns(pull_requests=[{"number": 1, "title": "a\x1b[2Jb\nc", "opened_at": "2026-03-03", "merged_at": "2026-03-03"}])

    assert ask("rows", "pickup_time")[1].splitlines()[1].split("#1 ")[1].split(" -")[0].strip() == "a [2Jb c"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("show", "deployment_frequenzy"), "Did you mean 'deployment_frequency'"),
        (("show", "deployment_frequency", "--every", "moth"), "Did you mean 'month'"),
        (("show", "deployment_frequency", "--since", "last week"), "'last week' is not a day. Write it as YYYY-MM-DD"),
        (("rows", "deployment_frequency", "--until", "2026-02-30"), "'2026-02-30' is not a day"),
        (
            ("rows", "deployment_frequency", "--area", "shopp"),
            "no area in deployment_frequency 'shopp'. Did you mean 'shop'?",
        ),
        (("show", "open_bugs", "--kind", "High"), "no kind in open_bugs 'High'. Known: none yet."),
        (("show",), "Missing argument"),
        (("shwo",), "No such command"),
    ],
)
def test_a_mistake_is_answered_in_words_and_exit_code_2(words, complaint, ask, a_company):
    code, answer, told = ask(*words)

    assert (code, answer) == (2, "")
    assert complaint in told
    assert "Traceback" not in told
    if "Missing" not in complaint and "No such" not in complaint:
        assert len(told.splitlines()) <= 3


def test_before_the_first_collection_the_command_says_what_to_do(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "metrics", "show", "open_bugs"],
        cwd=HOUSE,
        env={"CAIRN_HOME": str(tmp_path), "CAIRN_CONFIG": str(tmp_path / "team.toml"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("Nothing has been collected yet")
    assert len(ended.stderr.splitlines()) <= 3
