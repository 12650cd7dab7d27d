"""The digest tells what moved and is silent about the rest; text from outside is data in it, whatever the format."""

import json
import sys
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
from markdown_it import MarkdownIt

from data import CairnError
from metrics import METRICS, __main__, metric, rows, signals
from metrics.digest import Digest, Moved, as_html, as_json, as_md, as_text, digest, first_told, link, rest
from metrics.near import COLUMNS as NEAR
from metrics.signals import Baseline, Mark, Signal, Watch

HOSTILE = Path(__file__).resolve().parent.parent.parent / "shared" / "knowledge" / "hostile.json"
OWN = (
    "`](https://evil.example) ![x](https://evil.example/b.png) `", "</bdi><script>alert(1)</script>", "' onmouseover='alert(1)",
    "``` \n# Heading\n![x](//evil.example/b.png)", "&lt;b&gt;", "\\`[x](javascript:alert(1))\\`", "<https://evil.example>",
)  # fmt: skip
MONDAY = date(2026, 1, 5)
ONE = metric("deployment_frequency")
TITLE, UNIT = ONE.title, ONE.unit
SINCE, END = MONDAY + timedelta(weeks=14), MONDAY + timedelta(weeks=20)


def hostile():
    if not HOSTILE.exists():
        pytest.skip("the hostile texts (../shared/knowledge) are not beside this checkout")
    return [text for one in json.loads(HOSTILE.read_text(encoding="utf-8")) if (text := str(one["value"]))]


def a_watch(kind="shift", **more):
    """Return what the engine says of deployments that rose from 6 to 12 a week."""
    told = Signal(
        **{
            "metric": "deployment_frequency", "slice": "all", "kind": kind, "since": SINCE, "until": END, "before": 6.0, "after": 12.0,
            "low": 4.2, "high": 7.9, "direction": "up", "evidence": 6.0, **more,
        }
    )  # fmt: skip
    level = {"shift": "signal", "look": "look", "unusual": None}[kind]
    marks = tuple(
        Mark(
            MONDAY + timedelta(weeks=n), 6.0, 0.1, level if n >= 16 else None, kind == "unusual" and n == 19, special=""
        )
        for n in range(20)
    )
    return Watch(
        told.metric,
        told.slice,
        kind,
        Baseline(MONDAY, SINCE, 14, 5, 1, 0.1, "root", "the first"),
        marks,
        told,
        false=0.05,
    )


QUIET = Watch(
    "open_bugs", "all", "usual", Baseline(MONDAY, SINCE, 14, 5, 1, 0.1, "raw", "the first"), (), None, false=0.05
)
EARLY = Watch("bugs_opened", "all", "too few", None, (), None)


@pytest.fixture
def told(monkeypatch):
    """Return a function that makes the engine say these watches."""
    return lambda *watches: monkeypatch.setattr(signals, "watches", lambda _metrics: list(watches))


@pytest.fixture(scope="module")
def a_company(publish_nouns, tmp_path_factory):
    """Publish twenty weeks with three deployments each in shop and in pay; in the last six, pay has nine. One incident near."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CAIRN_URL", raising=False)
        publish_nouns(
            patch,
            tmp_path_factory.mktemp("a"),
            'name = "Shop & Co"\ntimezone = "Europe/Berlin"\n',
            complete_to="2026-05-25 00:00",
            deployments=[
                {
                    "id": f"{area}{week}-{n}", "repo": f"acme/{area}", "environment": "production", "production": True, "sha": f"{week}{n}",
                    "outcome": "success", "finished_at": pd.Timestamp(MONDAY) + timedelta(weeks=week, hours=9 + 11 * n),
                    "url": "https://a.example/d",
                }
                for week in range(20)
                for area in ("shop", "pay")
                for n in range(9 if area == "pay" and week >= 14 else 3)
            ],
            issues=[
                {
                    "id": "I1", "project": "OPS", "key": "OPS-1", "title": "<b>Down</b> ![x](https://evil.example/b.png)", "is_incident": True,
                    "is_bug": False, "created_at": "2026-04-14 09:00", "components": [], "url": "https://j.example/OPS-1",
                }
            ],
        )  # fmt: skip
        yield


def a_digest(text, **more):
    """Return a digest in which every text from outside is this one."""
    near = pd.DataFrame([(SINCE, text, "incident", text, text)], columns=list(NEAR))
    parts = pd.DataFrame(
        {"part": [text, "pay"], "before": 3.0, "after": 6.0, "change": [4.0, 2.0], "share": [0.7, 0.3], "mix": None, "n_before": 9, "n_after": 9}
    )  # fmt: skip
    watch = a_watch(slice=text)
    one = metric("deployment_frequency")
    moved = Moved(
        one,
        watch,
        watch.signal,
        {"area": parts, "kind": parts},
        near,
        3,
        ("What was different?",),
        link(one, watch.signal),
    )
    return Digest(
        **{
            "team": text,
            "edition": "e",
            "complete_to": None,
            "since": None,
            "watched": 5,
            "too_few": 1,
            "false_a_year": 0.25,
            "moved": (moved,),
            **more,
        }
    )


class Page(HTMLParser):
    """What a mail program would see: tags, attributes and the text between."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *one) for one in attrs]

    def handle_data(self, data):
        self.text += data


# What is told


def test_the_digest_tells_what_moved_where_from_what_was_near_and_asks(told, a_company):
    told(a_watch(), QUIET, EARLY)
    one = digest()
    [moved] = one.moved

    assert (one.team, one.watched, one.too_few) == ("Shop & Co", 2, 1)
    area = moved.where["area"].set_index("part")["change"]
    assert area.to_dict() == pytest.approx({"pay": 6, "shop": 0})
    assert "kind" not in moved.where  # all to production: nothing to tell apart
    assert moved.near["what"][moved.near["kind"] == "incident"].tolist() == [
        "OPS-1 <b>Down</b> ![x](https://evil.example/b.png)"
    ]
    assert set(moved.near["kind"]) == {"incident", "deployment"}
    assert len(moved.near) == 12
    assert moved.more > 0
    assert moved.questions[0] == "Most of the change comes from pay: what was different there since the week of 13 Apr?"

    text = as_md(one)
    assert "# What moved: `Shop & Co`" in text
    assert f"## Moved: {TITLE}" in text
    assert (
        f"{TITLE} moved in the week of 13 Apr: about 6 before, about 12 {UNIT} a week since, a change of +4.2 to +7.9 {UNIT}."
        in text
    )
    assert f"- By area, +6.0 {UNIT} a week: `pay` +6.0, `shop` +0" in text
    assert "- 14 Apr: `OPS-1 <b>Down</b> ![x](https://evil.example/b.png)` (`OPS`)" in text
    assert f"> {moved.questions[0]}" in text
    assert "Nothing else moved. Two charts watched" in text
    assert text.count("\n## ") == 1
    assert "Open bugs" not in text


def test_what_it_says_in_each_format_is_the_same(told, a_company):
    told(a_watch(), QUIET)
    one = digest()
    record = json.loads(as_json(one))
    [moved] = record["moved"]

    for text in (as_md(one), Page(as_html(one)).text, as_text(one)):
        assert moved["said"] in text
        assert record["rest"] in text
        assert moved["questions"][0] in text
    assert (moved["metric"], moved["low"], moved["since"], moved["kind"]) == (
        "deployment_frequency",
        4.2,
        "2026-04-13",
        "shift",
    )
    assert list(moved["where"]["area"][0]) == [
        "part",
        "before",
        "after",
        "change",
        "share",
        "mix",
        "n_before",
        "n_after",
    ]
    assert list(moved["near"][0]) == ["at", "what", "kind", "area", "url"]
    assert moved["near_more"] == one.moved[0].more
    assert record["complete_to"] == "2026-05-25T00:00:00Z"


def test_when_nothing_moved_there_is_one_line_and_the_number_of_false_ones_to_expect(told, a_company):
    told(*[replace(QUIET, metric=one.name) for one in METRICS[:8]] * 5, EARLY)
    one = digest()

    assert one.moved == ()
    assert rest(one) == (
        "Nothing moved. 40 charts watched: chance alone makes about 2.0 of them a year look moved, and about 8.0 worth a look."
        " One chart cannot say yet what is usual."
    )
    assert [line for line in as_md(one).splitlines() if line][1:] == [rest(one), "Complete to 2026-05-25 00:00 UTC."]


def test_before_anything_is_usual_it_says_so(told, a_company):
    told(EARLY)

    assert rest(digest()) == "Nothing moved. No chart has enough weeks yet to say what is usual."


def test_shifts_come_first_then_unusual_weeks_then_what_is_worth_a_look(told, a_company):
    unusual = a_watch("unusual", since=END - timedelta(weeks=1))
    told(a_watch("look"), unusual, a_watch())

    assert [one.signal.kind for one in digest().moved] == ["shift", "unusual", "look"]
    text = as_md(digest())
    assert f"{TITLE}: 12 {UNIT} in the week of 18 May, usually about 6." in text
    assert "may have begun to move in the week of 13 Apr" in text


def test_since_leaves_out_what_was_told_before(told, a_company):
    watch = a_watch()  # its shift is a signal from the 17th week on, which ended on 4 May
    told(watch, QUIET)

    assert first_told(watch) == MONDAY + timedelta(weeks=17) == date(2026, 5, 4)
    assert len(digest(date(2026, 5, 3)).moved) == 1
    assert digest(date(2026, 5, 4)).moved == ()
    assert "Nothing moved since 4 May 2026." in rest(digest(date(2026, 5, 4)))
    assert first_told(a_watch("unusual", since=END - timedelta(weeks=1))) == END


def test_what_wanders_is_split_between_its_last_week_and_the_one_before_it_set_off(told, a_company):
    watch = a_watch(since=SINCE + timedelta(weeks=2))
    told(replace(watch, baseline=replace(watch.baseline, transform="change of raw")))
    parts = digest().moved[0].where["area"]

    assert parts["n_before"].sum() == parts["n_after"].sum() == 12  # one week each, both after pay had more


def test_a_metric_about_people_is_not_split(told, a_company):
    one = replace(metric("deployment_frequency"), private=True)
    told(a_watch())

    assert digest(metrics=(one,)).moved[0].where == {}


def test_a_shift_planted_in_one_area_is_found_by_the_engine_and_told(nouns, monkeypatch):
    monkeypatch.delenv("CAIRN_URL", raising=False)
    usual = (4, 6, 5, 3, 5, 4, 6, 5, 4, 5)
    nouns(
        complete_to="2026-10-26 00:00",
        deployments=[
            {
                "id": f"{area}{week}-{n}", "repo": f"acme/{area}", "environment": "production", "production": True,
                "sha": f"{area}{week}-{n}", "outcome": "success", "url": "https://a.example/d",
                "finished_at": pd.Timestamp(MONDAY) + timedelta(weeks=week, hours=9 + 7 * n),
            }
            for week in range(42)
            for area, place in (("shop", 0), ("pay", 3))
            for n in range(usual[(week + place) % 10] + (8 if area == "pay" and week >= 34 else 0))
        ],
    )  # fmt: skip
    [found] = digest(metrics=(ONE,)).moved

    assert found.signal.kind == "shift"
    assert abs(found.signal.since - (MONDAY + timedelta(weeks=34))) <= timedelta(weeks=1)
    assert found.signal.low < 8 < found.signal.high
    assert found.where["area"]["part"].iloc[0] == "pay"
    assert found.questions[0].startswith(
        "Most of the change comes from pay: what was different there since the week of"
    )


# Links


def test_a_link_opens_the_page_of_that_chart(monkeypatch):
    from pages.reading import View

    monkeypatch.setenv("CAIRN_URL", "https://cairn.example.org/metrics/")
    one = metric("deployment_frequency")
    for watch, reach in ((a_watch(), "12 weeks"), (a_watch(since=END - timedelta(weeks=30), slice="pay"), "12 months")):
        parts = urlsplit(link(one, watch.signal))
        area = None if watch.signal.slice == "all" else watch.signal.slice
        period = f"{watch.signal.since.day} {watch.signal.since:%b %Y}"
        view = View(one, reach=reach, area=area).link(period=period)

        assert (parts.scheme, parts.netloc, parts.path) == ("https", "cairn.example.org", "/metrics/explore")
        assert parse_qs(parts.query) == {name: [value] for name, value in view.items()}


def test_without_an_address_the_dashboard_is_on_this_machine(monkeypatch):
    monkeypatch.delenv("CAIRN_URL", raising=False)

    assert link(metric("open_bugs"), a_watch().signal).startswith(
        "http://127.0.0.1:8501/explore?metric=Open%20bugs&every=week"
    )


@pytest.mark.parametrize(
    "told",
    ["javascript:alert(1)", "cairn.example.org", "https://", 'https://a.example/"><script>', "https://a b", "ftp://a"],
)
def test_an_address_that_is_none_is_answered_in_words(told, monkeypatch):
    monkeypatch.setenv("CAIRN_URL", told)
    with pytest.raises(CairnError, match="no address of a dashboard"):
        link(metric("open_bugs"), a_watch().signal)


# Text from outside


@pytest.mark.parametrize("texts", [lambda: OWN, hostile], ids=["own", "hostile"])
def test_in_html_no_text_from_outside_becomes_an_element_or_a_link(texts):
    clean = Page(as_html(a_digest("quite plain")))

    for text in texts():
        page = Page(as_html(a_digest(text)))
        assert page.tags == clean.tags, text
        assert [one for one in page.attributes if one[1] != "href"] == [
            one for one in clean.attributes if one[1] != "href"
        ]
        hrefs = [value for _, name, value in page.attributes if name == "href"]
        assert all(one.startswith("http://127.0.0.1:8501/explore?") for one in hrefs), text
        assert not {name for _, name, _ in page.attributes} & {"src", "srcset", "onclick", "onerror", "background"}


def test_html_loads_nothing():
    page = as_html(a_digest("x"))

    assert not set(Page(page).tags) & {"img", "link", "script", "iframe", "style", "object", "video"}
    assert "url(" not in page
    assert "@import" not in page


@pytest.mark.parametrize("texts", [lambda: OWN, hostile], ids=["own", "hostile"])
def test_in_markdown_no_text_from_outside_is_a_link_a_picture_or_a_heading(texts):
    def shape(text):
        kinds, links, outside = [], [], []
        for block in MarkdownIt("commonmark").enable("table").parse(as_md(a_digest(text))):
            kinds.append(block.type)
            for token in block.children or []:
                kinds.append(token.type)
                links += [token.attrs["href"]] if token.type == "link_open" else []
                outside += [token.content] if token.type == "text" else []
        return kinds, links, " ".join(outside)

    clean = shape("quite plain")[0]
    for text in texts():
        kinds, links, outside = shape(text)
        assert kinds == clean, text
        assert [urlsplit(one).netloc for one in links] == ["127.0.0.1:8501"], text
        assert "evil" not in outside  # nor a bare address that a chat would turn into a link


def test_on_a_terminal_no_text_from_outside_moves_the_cursor():
    for text in (*OWN, "\x1b[2Ja\nb\u202ec"):
        told = as_text(a_digest(text))

        assert all(c.isprintable() for c in told.replace("\n", ""))
        assert len(told.splitlines()) == len(as_text(a_digest("quite plain")).splitlines())


def test_a_long_text_is_cut():
    assert len(as_md(a_digest("a" * 9000))) < 3000


# Commands


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


def test_the_commands_print_what_moved(ask, told, a_company):
    told(a_watch(), QUIET)

    assert ask("digest") == (0, as_md(digest()), "")
    assert ask("digest", "--format", "html") == (0, as_html(digest()), "")
    assert json.loads(ask("digest", "--format", "json")[1]) == json.loads(as_json(digest()))
    assert ask("digest", "--since", "2026-05-04")[1].count("## ") == 0
    assert json.loads(ask("signals", "--json")[1]) == json.loads(as_json(digest()))["moved"]
    assert ask("signals") == (0, as_text(digest()), "")
    assert f"Moved: {TITLE} moved in the week of 13 Apr" in ask("signals")[1]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("digest", "--format", "htm"), "Did you mean 'html'?"),
        (("digest", "--format", "pdf"), "Known: 'html', 'json', 'md'."),
        (("digest", "--since", "last week"), "'last week' is not a day. Write it as YYYY-MM-DD"),
    ],
)
def test_a_mistake_is_answered_in_words_and_exit_code_2(words, complaint, ask, told, a_company):
    told(QUIET)
    code, answer, said = ask(*words)

    assert (code, answer) == (2, "")
    assert complaint in said


def test_the_numbers_of_a_digest_are_those_of_the_rows(told, a_company):
    told(a_watch())
    parts = digest().moved[0].where["area"].set_index("part")
    one = metric("deployment_frequency")

    assert parts["n_after"].sum() == len(rows(one, since=SINCE, until=END))
    assert parts.loc["pay", "after"] == len(rows(one, since=SINCE, until=END, area="pay")) / 6
