"""The weekly demo tells what the team wrote down and nothing else, short enough to be read, and a past week as it was known then."""

import html
import re
from datetime import UTC, date, datetime, timedelta

import pytest

from collectors.sandbox import STORIES, anchor, demos, memory
from data.entry import Entry
from data.journal import journal
from data.kinds import kind
from metrics import demo, demo_numbers, proposals
from metrics.demo import Figure, Numbers, Slide
from metrics.metric import trend
from metrics.questions import unsaid
from metrics.signals import Mark, Watch
from pages import slide
from tests.test_memory import collected  # noqa: F401
from tests.test_pages import happenings, open_page
from tests.test_pages import told as drawn
from tests.test_safe import Elements, hostile

WEEK = date(2026, 6, 1)  # a Monday
FRIDAY = WEEK + timedelta(days=4)
SANDBOX = date(2026, 11, 20)


def entry(sort: str, name: str = "", at: date = FRIDAY, version: int = 1, seq: int = 1, **body) -> Entry:
    when = datetime.combine(at, datetime.min.time()) + timedelta(hours=9)
    return Entry(name or f"{sort}-{seq}", version, version - 1, sort, body or None, "Ada", when, seq)


def story(title: str, seq: int = 1, **body) -> Entry:
    return entry("story", seq=seq, **{"title": title, "day": f"{FRIDAY}", "shown": "shown", **body})


def slides(*entries: Entry, numbers: Numbers | None = None) -> list[Slide]:
    return list(demo.demo(demo.known(entries, WEEK), WEEK, FRIDAY, "A team", numbers))


def of(sort: str, told: list[Slide]) -> list[Slide]:
    return [one for one in told if one.sort == sort]


def text(told: list[Slide]) -> str:
    return "\n".join(demo.said(one) for one in told)


# What is told


def test_a_demo_tells_the_stories_of_its_week_in_their_order_between_an_opening_and_what_could_be_otherwise():
    told = slides(
        story("Second", 1, order=2, why="It waited for days.\nNobody asks any more.", thanks="Ada and Bo"),
        story("First", 2, order=1, was="two days", now="5 minutes", url="https://github.com/acme/shop/pull/7"),
        story("Another week", 3, day=f"{FRIDAY + timedelta(weeks=1)}"),
        entry("finding", what="They print our mails", day=f"{WEEK}", shown="shown", seq=4),
        entry("joke", what="A drill had a boring day", day=f"{WEEK}", shown="shown", seq=5),
    )

    assert [one.sort for one in told] == ["opening", "story", "story", "customers", "lesson", "joke"]
    first, second = of("story", told)
    assert (first.headline, first.figure) == ("First", Figure("5 minutes", "before: two days"))
    assert (second.lines, second.thanks) == (
        ("It waited for days.", "Nobody asks any more."),
        "With thanks to Ada and Bo",
    )
    assert told[0].lines[0] == "Two stories and what customers said."
    assert of("lesson", told)[0].headline == "What could we have done better?"


@pytest.mark.parametrize("sort", ["story", "finding", "lesson", "joke"])
def test_what_is_hidden_or_taken_back_stays_out(sort):
    title = kind(sort).fields[0].name
    seen = {title: "Seen by everybody", "day": f"{FRIDAY}"}
    hidden = entry(sort, **seen, shown="hidden")
    back = [entry(sort, "gone", seq=2, **seen, shown="shown"), entry(sort, "gone", version=2, seq=3)]

    assert "Seen by" not in text(slides(hidden, *back))
    assert "Seen by" in text(slides(entry(sort, **seen, shown="shown")))


def test_a_slide_says_what_could_be_otherwise_with_its_follow_up_and_what_came_of_last_weeks():
    lesson = entry("lesson", "l", what="Nobody told the desk", day=f"{FRIDAY}", shown="shown")
    asked = {"owner": "Bo", "until": f"{FRIDAY + timedelta(weeks=2)}", "state": "open"}
    told = slides(
        lesson,
        entry("follow_up", "f", seq=2, what="Write to the desk first", of="l", **asked),
        entry("follow_up", "d", WEEK - timedelta(days=30), seq=3, what="Name the parts", **asked),
        entry(
            "follow_up", "d", WEEK, 2, 4, what="Name the parts", **{**asked, "state": "done"}, came="A page of them."
        ),
        entry("follow_up", "o", WEEK - timedelta(days=30), seq=5, what="Long past", **{**asked, "state": "done"}),
    )

    assert sorted(of("lesson", told)[0].lines) == [
        "Done: Name the parts. A page of them",
        "Nobody told the desk: Write to the desk first, Bo, 19 Jun",
    ]


def test_a_past_week_is_told_as_it_was_known_then():
    tried = {"change": "reading in the morning", "whom": "search", "outcome": "x", "because": "y"}
    tried |= {"start": f"{WEEK - timedelta(days=10)}", "end": f"{WEEK + timedelta(days=20)}"}
    begun = entry("experiment", "e", WEEK - timedelta(days=12), **tried)
    ended = entry("experiment", "e", WEEK + timedelta(days=22), 2, 2, **tried, learned="It moved")

    assert of("experiments", slides(begun, ended))[0].lines == ("Day 15 of 31: Reading in the morning, for search",)


def test_no_name_is_told_that_nobody_typed():
    """Stories name whom they thank, promises whoever gave them. The author of an entry is never told."""
    told = slides(
        story("Lockers open at night", why="People come late."),
        entry("rock", title="Basket totals", order=1, state="open", why="Markets wait.", seq=2),
        entry("lesson", what="The desk was not asked", day=f"{FRIDAY}", shown="shown", seq=3),
    )

    assert "Ada" not in text(told)
    assert "With thanks" not in text(told)


def test_a_number_is_told_with_its_range_and_flow_only_if_something_moved(collected):  # noqa: F811
    first, last = (trend(demo_numbers.NAMED["bugs_opened"])["starts"].iloc[place] for place in (20, -1))
    found = demo_numbers.numbers(last, ["bugs_opened", "no metric"], [])

    assert list(found.of) == ["bugs_opened"]
    assert re.fullmatch(r"\d+ bugs", found.of["bugs_opened"].number)
    assert re.search(r"Bugs opened, week of .+; usually \d+ to \d+", found.of["bugs_opened"].about)
    assert found.flow is None
    calm, odd = (Mark(starts, 3.0, 0.1, None, starts == last, "") for starts in (first, last))
    moved = [Watch("bugs_opened", "all", "unusual", None, (calm, odd), None)]
    assert demo_numbers.flow(last + timedelta(weeks=1), moved).headline == "Bugs opened had an unusual week"
    assert demo_numbers.flow(last, moved) is None
    assert of("flow", slides(numbers=found)) == []
    assert of("flow", slides(numbers=Numbers(flow=found.of["bugs_opened"])))


# How much of it


@pytest.mark.parametrize("word", ["word", "Donaudampfschifffahrtsgesellschaft", "x" * 300])
def test_no_slide_has_more_words_than_can_be_read_and_what_is_cut_stands_whole_in_the_notes(word):
    long = " ".join([word] * 60)[:300]
    why = f"{long}\n{long}"
    told = slides(
        story(long, why=why, thanks=long, was=long, now=long),
        entry("joke", what=long, day=f"{WEEK}", shown="shown", seq=2),
    )

    for one in told:
        assert demo.words(one) <= 45
        assert len(demo.said(one)) <= demo.MOST_LETTERS + 60
    [cut] = of("story", told)
    assert cut.headline.endswith("…")
    assert long in cut.notes


def test_a_demo_is_at_most_twelve_slides_and_four_minutes_and_the_opening_says_what_did_not_fit():
    many = [story(f"Story {n}", n, order=n, why="word " * 40) for n in range(1, 20)]
    told = slides(*many)

    assert 2 < len(of("story", told)) < len(many)
    assert len(told) <= 12
    assert sum(map(demo.dwell, told)) <= 240
    assert "did not fit" in told[0].notes[0]
    assert [one.headline for one in of("story", told)][:2] == ["Story 1", "Story 2"]


@pytest.mark.parametrize(("count", "seconds"), [(1, 10), (15, 10), (20, 12), (45, 22), (80, 25)])
def test_a_slide_stays_as_long_as_its_words_take(count, seconds):
    assert demo.dwell(Slide("joke", "", " ".join(["word"] * count))) == seconds


def test_the_time_alone_says_which_slide_a_wall_shows():
    told = [
        Slide("joke", "", "a"),
        Slide("joke", "", " ".join(["word"] * 20)),
        Slide("joke", "", "b"),
    ]  # 10, 12 and 10 seconds

    assert [demo.at(told, second) for second in (0, 9.9, 10, 21.9, 22, 31.9, 32, 64_000)] == [0, 0, 1, 1, 2, 2, 0, 0]


def test_every_question_on_a_slide_is_short_and_about_the_work():
    body = {"change": "a", "whom": "b", "start": f"{WEEK}", "end": f"{WEEK + timedelta(days=9)}"}
    told = slides(
        story("A"),
        entry("finding", what="B", day=f"{WEEK}", shown="shown", seq=2),
        entry("experiment", seq=3, **body),
        entry("rock", title="C", state="open", seq=4),
        numbers=Numbers(Figure("1", "2"), Figure("1", "2")),
    )
    asked = [one.ask for one in told if one.ask]

    assert len(asked) == 7
    assert [one for one in asked if not one.endswith("?") or len(one.split()) > 16 or unsaid(one, question=True)] == []


# How it looks


@pytest.mark.parametrize("value", hostile("text"))
def test_hostile_text_on_a_slide_is_text_and_no_element(value):
    one = Slide("story", value, value, (value,), Figure(value, value), value, "javascript:alert(1)", value)
    page = Elements(slide.markup(one, 1, 2, slide.Foot(value)))

    assert {tag for tag, *_ in page.tags} <= {"section", "p", "bdi", "h1", "div", "footer", "span"}


def test_an_address_that_is_not_safe_to_open_is_no_link(nouns):
    nouns()

    def tags(url: str) -> list[str]:
        return [tag for tag, *_ in Elements(slide.markup(Slide("story", "", "", link=url), 1, 1, slide.Foot(""))).tags]

    assert "a" not in tags("https://evil.example/acme/shop/pull/1")
    assert "a" in tags("https://github.com/acme/shop/pull/1")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://github.com/acme/shop/pull/34", "shop#34"),
        ("https://github.com/acme/shop/releases/tag/v1.4", "shop v1.4"),
        ("https://jira.example/browse/SHOP-12", "SHOP-12"),
    ],
)
def test_a_link_is_short_enough_to_be_typed(url, said):
    assert slide.short(url) == said


def test_a_demo_leaves_as_one_file_that_asks_nobody_for_anything(nouns):
    nouns()
    told = slides(story("Lockers <b>open</b>", url="https://github.com/acme/shop/pull/34"))
    whole = slide.file(told, "Demo", "dark", "Complete").decode()

    assert re.findall(r"(?:src|href)=\"([^\"]+)\"", whole) == ["https://github.com/acme/shop/pull/34"]
    assert "url(" not in whole
    assert "@import" not in whole
    assert "Lockers &lt;b&gt;open" in whole


def test_the_screen_shows_one_slide_and_nothing_around_it(collected):  # noqa: F811
    kept, today = journal(), datetime.now(UTC).date()
    kept.write("story", {"title": "Lockers open at night", "day": f"{today}", "shown": "shown"}, "Ada")
    app = open_page("demo.py", mode="live", slide="2", week=f"{today}")

    assert "Lockers open at night" in html.unescape(drawn(app))
    assert [one.label for one in app.button] == [
        "Next (Right)",
        "Next (Space)",
        "Next (PageDown)",
        "Back (Left)",
        "Back (PageUp)",
        "First",
        "Out",
    ]
    assert app.title == []
    app.button[0].click().run()
    assert app.query_params["slide"] == "3"
    assert "What could we have done better?" in drawn(app)


def test_the_notes_for_a_second_window_hold_what_stands_on_no_slide(collected):  # noqa: F811
    today = datetime.now(UTC).date()
    body = {"title": "Lockers open at night", "more": "The desk asked for it", "day": f"{today}", "shown": "shown"}
    journal().write("story", body, "Ada")
    link = {"week": f"{today}", "slide": "2"}

    assert "The desk asked for it" not in drawn(open_page("demo.py", mode="live", **link))
    assert "The desk asked for it" in drawn(open_page("demo.py", notes="1", **link))


@pytest.mark.parametrize(
    "link",
    [
        {"slide": "1e999", "week": "31 Feb"},
        {"slide": "NaN", "scale": "-1", "theme": "pink"},
        {"mode": "?", "pace": "x", "slide": "-7"},
    ],
)
def test_a_broken_link_still_shows_a_slide(link, collected):  # noqa: F811
    assert re.search(r"\d of \d", drawn(open_page("demo.py", **link)))


def test_a_fault_becomes_a_sentence_and_is_tried_again(collected, monkeypatch):  # noqa: F811
    monkeypatch.setenv("CAIRN_CONFIG", "/nowhere/there/is/no.toml")
    monkeypatch.setattr("pages.telling.slides", lambda *_: 1 / 0)

    assert "This screen tries again by itself." in drawn(open_page("demo.py"))


def test_before_anything_was_collected_the_screen_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path))

    assert "Nothing has been collected yet" in drawn(open_page("demo.py"))


def test_numbers_that_are_older_than_a_day_say_so_in_words(nouns):
    nouns(complete_to="2026-06-01 10:00", **happenings())

    assert re.search(r"These numbers are .+ days? old", drawn(open_page("demo.py")))


# The made-up company


def test_every_week_of_the_made_up_companys_past_year_has_a_demo_that_fits_its_table_of_stories():
    first = anchor(SANDBOX)
    entries = memory.written(first, SANDBOX)
    monday = demo.monday(SANDBOX)
    weeks = [monday - timedelta(weeks=back) for back in range(52)]
    told = {week: demo.demo(demo.known(entries, week), week, SANDBOX, "Marrowby") for week in weeks}

    assert all(of("story", list(slides)) for slides in told.values())
    assert set(weeks) <= set(demo.weeks(entries))
    assert all(demo.words(one) <= 45 for slides in told.values() for one in slides)
    for name, words in {
        "provision_launched": "opens a service",
        "bug_wave": "deposit",
        "recorder_down": "left no trace",
    }.items():
        happened = next(one for one in STORIES if one.name == name)
        week = first + timedelta(weeks=happened.weeks[0])
        assert words in text([*told[week], *told[week + timedelta(weeks=1)]]), name
    pieces = [body for name, *_, body in demos.told(first) if "url" in body]
    assert all(body["why"].startswith("A piece of 'Better ") for body in pieces)


# Preparing it


WENT = WEEK + timedelta(days=1)


def week_of_work() -> dict:
    def pull(id_: str, title: str, **more) -> dict:
        url = f"https://github.com/acme/shop/pull/{id_}"
        base = {
            "id": id_,
            "repo": "acme/shop",
            "number": int(id_),
            "title": title,
            "url": url,
            "bot": False,
            "size": 10,
        }
        return {**base, "opened_at": WEEK, "merged_at": WENT, "deployed_at": WENT, **more}

    def issue(key: str, title: str, **more) -> dict:
        base = {
            "id": key,
            "key": key,
            "title": title,
            "source": "jira",
            "project": "SHOP",
            "type": "Story",
            "is_bug": False,
        }
        return {**base, "url": f"https://jira.example/browse/{key}", "created_at": WEEK, **more}

    return {
        "pull_requests": [
            pull("1", "feat(basket): SHOP-2 Show totals"),
            pull("2", "Guard totals", size=3),
            pull("3", "Renew a library", bot=True),
            pull("4", "Mend a cent", deployed_at=None),
            pull("5", "Long before", merged_at=WEEK - timedelta(days=1), deployed_at=WEEK - timedelta(days=1)),
        ],
        "issues": [
            issue("SHOP-1", "Totals for every market", type="Epic", resolved_at=WENT),
            issue("SHOP-2", "Show totals", parent="SHOP-1"),
            issue("SHOP-3", "Guard totals", parent="SHOP-1"),
            issue("SHOP-4", "A cent is missing", is_bug=True),
            issue("SHOP-5", "Nothing came of it", type="Epic", resolved_at=WENT, cancelled=True),
            issue("SHOP-6", "A piece of nothing", parent="SHOP-5"),
        ],
        "pull_request_issues": [
            {"pull_request_id": nth, "key": f"SHOP-{key}", "issue_id": f"SHOP-{key}"} for nth, key in (("1", 2), ("2", 3), ("4", 4))
        ],
        "releases": [
            {"id": "R", "repo": "acme/shop", "tag": "v1.4", "name": "Spring", "published_at": WENT, "prerelease": False, "url": "https://github.com/acme/shop/releases/tag/v1.4"},
            {"id": "P", "repo": "acme/desk", "tag": "v2-rc1", "name": "v2-rc1", "published_at": WENT, "prerelease": True, "url": "https://github.com/acme/desk/releases/tag/v2-rc1"},
        ],
    }  # fmt: skip


def test_a_week_proposes_finished_epics_releases_and_what_went_out_by_its_epic(nouns):
    nouns(**week_of_work())

    assert [(one.sort, one.title, one.why) for one in proposals.proposals(WEEK)] == [
        ("Finished epic", "Totals for every market", "The epic SHOP-1 is finished, two pieces of work."),
        ("Release", "Spring", "shop v1.4"),
        ("Deployed", "Show totals", "A piece of 'Totals for every market', one of 2 this week."),
        ("Merged, not deployed yet", "Mend a cent", "It mends a bug."),
    ]
    assert proposals.proposals(WEEK + timedelta(weeks=1)) == []


def test_a_proposal_says_why_in_the_words_of_its_epic_its_pull_request_or_its_story_where_they_say_so(nouns):
    tables = week_of_work()
    [epic, story, *_, bug, _, _] = tables["issues"]
    epic["why"] = "Three markets cannot pay."
    tables["pull_requests"][0]["why"] = "People add up by hand."
    story["why"] = "It is asked for so that nobody adds up."
    bug["why"] = "It fails because of a cent."
    nouns(**tables)

    assert [one.why for one in proposals.proposals(WEEK)] == [
        "Three markets cannot pay.",
        "shop v1.4",
        "People add up by hand.",
        "It mends a bug.",
    ]
    del tables["pull_requests"][0]["why"]
    nouns(**tables)
    assert proposals.proposals(WEEK)[2].why == "It is asked for so that nobody adds up."


@pytest.mark.parametrize(
    ("title", "why", "was", "now"),
    [
        ("Cut the basket from 3.2 s to 1.1 s", "", "3.2 s", "1.1 s"),
        ("A smaller image", "It went from 900 down to 120 MB, as nobody needs the tools.", "900", "120 MB"),
        ("Refunds", "Failed refunds: 4 % -> 0.5 %.", "4 %", "0.5 %"),
        ("Bump the parser from 1.2.3 to 1.3.0", "", "", ""),
        ("Bump the parser from 1.2 to 1.3 in search", "", "", ""),
        ("Move from team 3 to team 4", "From 9 to 5 we are there.", "", ""),
        ("From " * 20_000, "from 1 " * 20_000, "", ""),
    ],
)
def test_a_proposal_says_how_it_was_before_and_is_now_where_its_words_hold_both_numbers(title, why, was, now):
    assert proposals.Proposal("Deployed", title, why, "").changed == (was, now)


def test_a_proposal_is_told_when_somebody_took_it_and_not_before(nouns):
    nouns(**week_of_work())
    app = open_page("prepare.py", week=f"{WEEK}")
    take = next(one for one in app.button if one.label == "Take as story")

    take.click().run()
    assert "Your name is still empty." in drawn(app)
    assert journal().entries() == []
    app.text_input(key="author").set_value("Ada").run()
    next(one for one in app.button if one.label == "Take as story").click().run()
    [kept] = journal().entries("story")
    assert (kept.answers["title"], kept.answers["day"], kept.author) == ("Totals for every market", f"{WEEK}", "Ada")
    assert [one.label for one in app.button].count("Take as story") == 3
    assert "Totals for every market" in drawn(open_page("demo.py", mode="live", slide="2", week=f"{WEEK}"))


def test_what_is_prepared_is_put_in_order_hidden_changed_and_found_again(nouns):
    nouns(**week_of_work())
    for nth, name in enumerate(("First", "Second"), 1):
        journal().write("story", {"title": name, "day": f"{WEEK}", "order": nth, "shown": "shown"}, "Ada")
    app = open_page("prepare.py", week=f"{WEEK}")
    app.text_input(key="author").set_value("Bo").run()

    next(one for one in app.button if one.label == "Earlier in the demo").click().run()
    assert [one.answers["title"] for one in demo.of_week(journal().entries(), "story", WEEK)] == ["Second", "First"]
    next(one for one in app.button if one.label == "Hide").click().run()
    assert {one.answers["title"]: one.answers["shown"] for one in journal().entries("story")} == {
        "Second": "hidden",
        "First": "shown",
    }
    next(one for one in app.button if one.label == "Change").click().run()
    assert app.text_input[0].value == "Second"
    app.text_input[0].set_value("Second thoughts")
    next(one for one in app.button if one.label == "Keep it").click().run()
    assert "Second thoughts" in drawn(app)
    app.text_input(key="sought").set_value("thoughts").run()
    assert "1 Jun 2026: Second thoughts" in [one.label for one in app.button]
