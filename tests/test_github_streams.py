"""What GitHub lists besides pull requests: history, releases, daily lists, organisations, renames, and signing in as an App."""

import asyncio
import json
import re
import shutil
import time
from datetime import UTC, datetime, timedelta
from email.utils import formatdate

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from collectors import STREAMS, discovery, history, stream, sync
from collectors.github_app import installation
from collectors.probe import PROBE
from collectors.source import Source
from collectors.wire import Unauthorised, Wire
from data import CairnError, Live, Origin, Progress, Row, home, publish, query, read_team
from data.rules import finds
from tests.conftest import Silent

GUI = "github/bitcoin-core/gui"
SEEN = datetime(2026, 6, 1)  # noqa: DTZ001 zone-less UTC, like everything in the store
HELD = {
    f"{GUI}/commits": "select (body->>'oid') || ' ' || (body->>'committedDate') from raw.github_commits where gone_at is null",
    f"{GUI}/releases": "select (body->>'databaseId') || ' ' || (body->>'publishedAt') from raw.github_releases where gone_at is null",
}
DAILY = (
    "github_environments github_workflows github_codeowners github_release_downloads github_traffic github_teams"
).split()


def store(sql: str) -> list[tuple]:
    with Live("team") as live:
        return live.connection.execute(sql).fetchall()


def differing(replay) -> list[str]:
    return [s for s, sql in HELD.items() if sorted(line for (line,) in store(sql)) != replay.truth(s)]


def rewrite(tmp_path, **words: str) -> None:
    """Write a team file anew that reads GitHub alone."""
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in words.items())
    (tmp_path / "team.toml").write_text(f"[github]\n{lines}\n", encoding="utf-8")


@pytest.fixture(scope="session")
def kept(tmp_path_factory):
    """A place for the home of the first whole sync, so that it is made once, and what it told."""
    return {"home": tmp_path_factory.mktemp("kept") / "home"}


@pytest.fixture
def collected(replay, collect, kept):
    """A home in which everything GitHub lists was collected once; returns the outcome of that sync."""
    if "outcome" not in kept:
        (kept["outcome"],) = collect("github", published=True)
        shutil.copytree(home(), kept["home"])
    elif not home().exists():
        shutil.copytree(kept["home"], home())
    return kept["outcome"]


# Against what was recorded


def test_history_and_releases_are_held_exactly_first_again_and_after_merges(replay, collect, collected):
    assert collected.parked == []
    assert differing(replay) == []

    second = collect("github")
    assert (second[0].new, second[0].changed, second[0].requests) == (0, 0, 1)

    for _ in range(3):
        replay.mutate({"op": "new_pull", "repo": "bitcoin-core/gui", "title": "One more"})
        number = max(int(line.split()[0]) for line in replay.truth(f"{GUI}/pulls"))
        replay.mutate({"op": "merge", "repo": "bitcoin-core/gui", "number": number})
    third = collect("github")

    assert third[0].parked == []
    assert differing(replay) == []
    tally = next(t for t in third[0].tallies if t.stream == "github_commits")
    assert tally.requests == 1, "the walk ends at the head that was known"


def test_every_daily_list_is_read_once_and_not_again_on_the_same_day(collect, collected):
    first = {t.stream: t for t in collected.tallies}
    second = {t.stream: t for t in collect("github")[0].tallies}

    assert [name for name in DAILY if first[name].requests == 0] == []
    assert [name for name in DAILY if second[name].requests] == []
    ((text,),) = store("select body->>'text' from raw.github_codeowners")
    assert text.startswith("/")
    assert store("select count(*) > 0 from raw.github_workflows where body->>'path' like '.github/workflows/%'") == [
        (True,)
    ]
    assert store("select count(distinct body->>'day') between 13 and 15 from raw.github_traffic") == [(True,)]
    assert store("select count(*) > 0 from raw.github_teams where json_array_length(body->'members') > 0") == [(True,)]


def test_milestones_are_held_with_their_state_and_cost_no_request_of_their_own(replay, collect, collected):
    first = {t.stream: t for t in collected.tallies}

    assert (first["github_environments"].requests, first["github_milestones"].requests) == (1, 0)
    found = query(
        "select title, state, closed_at::date::text as closed, open_issues from milestones where repo = 'bitcoin-core/gui'"
    )
    assert len(found) == first["github_milestones"].expected == 14
    stones = found.set_index("title").T.to_dict()
    assert (stones["23.0"]["state"], stones["23.0"]["closed"]) == ("closed", "2022-12-25")
    assert stones["28.0"]["state"] == "open"
    replay.mutate({"op": "new_pull", "repo": "bitcoin-core/gui", "title": "Something new"})
    second = {t.stream: t for t in collect("github")[0].tallies}
    assert (second["github_environments"].requests, second["github_milestones"].requests) == (0, 0)


def test_a_page_of_history_that_is_cut_off_is_gone_on_with(replay, collect):
    replay.faults(
        {
            "match": {"source": "graphql", "body": "history"},
            "from": 3,
            "fault": "status",
            "status": 400,
            "body": {"message": "no"},
        }
    )
    first = collect("github")
    replay.faults()
    held = len(store("select 1 from raw.github_commits"))
    second = collect("github")

    assert first[0].parked
    assert 0 < held < len(replay.truth(f"{GUI}/commits"))
    assert second[0].parked == []
    assert differing(replay) == []


def test_traffic_that_is_not_allowed_is_said_with_the_permission_and_stops_nothing(replay, collect):
    refuse = {"fault": "status", "status": 403, "headers": {"x-accepted-github-permissions": "administration=read"}}
    replay.faults({"match": {"source": "github", "route": "/traffic/"}, "body": {"message": "no"}, **refuse})
    first = collect("github")
    second, third = collect("github"), collect("github")

    assert [("administration=read" in words) for words in first[0].parked] == [True]
    assert first[0].started
    assert differing(replay) == []
    assert second[0].requests == 2, "the glance, and traffic asked once more"
    assert (third[0].requests, third[0].parked) == (1, []), "what was refused twice is asked for in its own rhythm"


def test_a_new_token_is_asked_at_once_for_what_the_old_one_was_refused(replay, collect, monkeypatch):
    replay.faults({"match": {"source": "github", "route": "/traffic/"}, "fault": "status", "status": 403, "times": 2})
    for _ in range(3):
        collect("github")
    monkeypatch.setattr(Wire, "key", "another")
    collect("github")

    assert store("select count(*) > 0 from raw.github_traffic") == [(True,)]


def test_a_renamed_repository_keeps_its_rows_under_its_new_name(replay, collect, collected, tmp_path):
    before = store("select count(*), count(distinct id) from raw.github_pull_requests")
    replay.mutate({"op": "rename", "repo": "bitcoin-core/gui", "to": "bitcoin-core/window"})
    replay.mutate({"op": "run", "repo": "bitcoin-core/window"})
    second = collect("github", published=True)

    assert second[0].parked == []
    assert store("select count(*), count(distinct id) from raw.github_pull_requests") == before
    for table in ("pull_requests", "runs", "commits", "releases", "traffic", "repositories"):
        assert store(f"select distinct scope from raw.github_{table}") == [("bitcoin-core/window",)], table
    assert query("select distinct repo from pull_requests").repo.tolist() == ["bitcoin-core/window"]

    rewrite(tmp_path, url=replay.url, repositories=["bitcoin-core/gui", "bitcoin-core/window"])
    third = collect("github")
    assert (third[0].new, third[0].parked) == (0, [])
    assert store("select count(*), count(distinct id) from raw.github_pull_requests") == before


@pytest.mark.usefixtures("collected")
def test_a_repository_that_went_to_another_owner_takes_everything_with_it(replay):
    now = json.dumps({"id": "R_1", "nameWithOwner": "somebody-else/gui"})
    with Live("team") as live:
        name = replay.url.removeprefix("http://")
        at = stream.Context(Wire("GitHub", replay.url, {}), live, name, "github", "*")
        assert discovery.renamed(at, {"bitcoin-core/gui": now}) == {"somebody-else/gui": now}
        left = [
            t
            for t in live.tables()
            if live.connection.execute(f"from raw.{t} where scope = 'bitcoin-core/gui'").fetchall()
        ]

    assert left == []


def test_two_names_of_one_repository_are_read_once(replay, collect, tmp_path):
    replay.mutate({"op": "rename", "repo": "bitcoin-core/gui", "to": "bitcoin-core/window"})
    rewrite(tmp_path, url=replay.url, repositories=["bitcoin-core/gui", "bitcoin-core/window"])
    outcome = collect("github")[0]

    assert outcome.parked == []
    assert len([t for t in outcome.tallies if t.stream == "github_pull_requests"]) == 1
    assert len(store("select 1 from raw.github_pull_requests")) == len(replay.truth("github/bitcoin-core/window/pulls"))


def test_an_organisation_is_enough_and_is_asked_once_a_day(replay, collect, tmp_path):
    rewrite(tmp_path, url=replay.url, organisations=["bitcoin-core"])
    first = collect("github", published=True)
    second = collect("github", published=True)

    assert first[0].parked == []
    assert differing(replay) == []
    assert (second[0].new, second[0].changed, second[0].requests) == (0, 0, 1)
    assert query("select count(*) > 0 as some from pull_requests").some.all()
    assert query("select count(created_at) = count(*) as all_told from repositories").all_told.item()

    rewrite(tmp_path, url=replay.url, organisations=["bitcoin-core"], exclude=["g*"])
    assert query("select count(*) as n from pull_requests").n.item() == 0
    assert query("select count(*) as n from sources where contains(scope, '/')").n.item() == 0
    assert store("select count(*) > 0 from raw.github_pull_requests") == [(True,)]
    rewrite(tmp_path, url=replay.url, repositories=["bitcoin-core/gui"])
    assert query("select count(*) > 0 as some from pull_requests").some.all()


def test_an_organisation_that_is_not_there_is_said_and_the_rest_is_read(replay, collect, collected, tmp_path):
    rewrite(tmp_path, url=replay.url, organisations=["nobody-at-all"], repositories=["bitcoin-core/gui"])
    outcome = collect("github")[0]

    assert ["no organisation nobody-at-all" in words for words in outcome.parked] == [True]
    assert differing(replay) == []


@pytest.mark.parametrize(
    ("words", "name", "archived", "found"),
    [
        ('organisations = ["acme"]', "acme/shop", False, True),
        ('organisations = ["acme"]', "Acme/Shop", False, True),
        ('organisations = ["acme"]', "other/shop", False, False),
        ('organisations = ["acme"]', "acme/old", True, False),
        ('organisations = ["acme"]\ninclude = ["*"]', "acme/old", True, True),
        ('organisations = ["acme"]\ninclude = ["shop-*"]', "acme/shop-web", False, True),
        ('organisations = ["acme"]\ninclude = ["acme/shop-*"]', "acme/shop-web", False, True),
        ('organisations = ["acme"]\ninclude = ["shop-*"]', "acme/ledger", False, False),
        ('organisations = ["acme"]\nexclude = ["*-docs"]', "acme/shop-docs", False, False),
        ('organisations = ["acme"]\ninclude = ["shop*"]\nexclude = ["acme/*-docs"]', "acme/shop-docs", False, False),
    ],
)
def test_include_and_exclude_choose_among_what_an_organisation_has(tmp_path, words, name, archived, found):
    (tmp_path / "team.toml").write_text(f"[github]\n{words}\n", encoding="utf-8")

    assert finds(read_team(tmp_path / "team.toml").github[0], name, archived=archived) is found


def test_a_github_table_without_any_name_is_refused(tmp_path):
    (tmp_path / "team.toml").write_text("[github]\nurl = 'https://github.com'\n", encoding="utf-8")

    with pytest.raises(CairnError, match="name repositories, or organisations"):
        read_team(tmp_path / "team.toml")


# A history of our own: merges of branches that are older than the head, force pushes


class Graph:
    """A GitHub that has one repository with the commits given: (oid, day, parents), the newest first."""

    def __init__(self) -> None:
        self.commits: list[tuple[str, int, list[str]]] = []
        self.asked = 0
        self.width = 100

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        told = json.loads(request.content)["variables"]
        start = int(told["after"] or 0)
        head = told.get("head") or (self.commits[0][0] if self.commits else None)
        past = self.past(head)
        nodes = [
            {
                "id": f"C_{oid}",
                "oid": oid,
                "committedDate": f"2026-03-{day:02}T09:00:00Z",
                "authoredDate": f"2026-03-{day:02}T09:00:00Z",
                "parents": {"nodes": [{"oid": parent} for parent in parents]},
            }
            for oid, day, parents in past[start : start + self.width]
        ]
        ahead = {"hasNextPage": start + self.width < len(past), "endCursor": str(start + self.width)}
        target = (
            {"oid": head, "history": {"totalCount": len(past), "pageInfo": ahead, "nodes": nodes}} if past else None
        )
        repository = {"target": target} if told.get("head") else {"defaultBranchRef": target and {"target": target}}
        return httpx.Response(200, json={"data": {"repository": repository}})

    def past(self, head: str | None) -> list[tuple[str, int, list[str]]]:
        known = {oid: parents for oid, _, parents in self.commits}
        there, found = [head], set()
        while there:
            oid = there.pop()
            if oid in known and oid not in found:
                found.add(oid)
                there += known[oid]
        return [one for one in self.commits if one[0] in found]


@pytest.fixture
def graph(monkeypatch, tmp_path):
    """Return a repository to be written, and a function that reads its history and returns {oid: position}."""
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "none.toml"))
    made = Graph()

    def read() -> dict[str, int]:
        async def go(live: Live):
            async with Wire("GitHub", "https://github.example", {}, "/graphql", httpx.MockTransport(made)) as wire:
                at = stream.Context(wire, live, "github.example", "github", "acme/shop")
                return await stream.collect(history.COMMITS, at, lambda _: None)

        with Live("team") as live:
            asyncio.run(go(live))
            edition = publish(live)
        return dict(query("select sha, position from default_branch", edition=edition).itertuples(index=False))

    return made, read


def test_a_branch_older_than_the_known_head_is_not_missed_when_it_is_merged(graph):
    made, read = graph
    made.commits = [("m2", 5, ["m1"]), ("m1", 2, [])]
    read()
    made.commits = [("m3", 9, ["m2", "b2"]), ("m2", 5, ["m1"]), ("b2", 4, ["b1"]), ("b1", 3, ["m1"]), ("m1", 2, [])]
    made.width = 2
    places = read()

    assert set(places) == {"m3", "m2", "b2", "b1", "m1"}
    assert places["m1"] < places["m2"] < places["m3"] == places["b2"] == places["b1"]
    asked = made.asked
    assert read() == places
    assert made.asked == asked + 1


def test_a_history_that_was_written_anew_loses_what_left_it(graph):
    made, read = graph
    made.commits = [("c", 4, ["b"]), ("b", 3, ["a"]), ("a", 2, [])]
    read()
    made.commits = [("d", 5, ["a"]), ("a", 2, [])]
    places = read()

    assert list(places) == ["a", "d"]
    assert places["a"] < places["d"]
    assert store("select id from raw.github_commits where gone_at is not null order by 1") == [("C_b",), ("C_c",)]
    made.commits = [("c", 4, ["b"]), ("b", 3, ["a"]), ("a", 2, [])]
    assert list(read()) == ["a", "b", "c"]


def test_an_empty_repository_has_no_history(graph):
    _, read = graph

    assert read() == {}


# Short lists that come together


class Lists:
    """A GitHub that has one repository with an environment and the milestones given, and tells them a page at a time."""

    def __init__(self) -> None:
        self.milestones = [milestone(n) for n in range(1, 131)]
        self.day, self.asked, self.withheld = 1, 0, ""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        told = json.loads(request.content)
        lists = {"environments": [{"id": "EN_1", "databaseId": 1, "name": "production"}], "milestones": self.milestones}
        found, errors = {}, []
        for name, first in re.findall(r"(environments|milestones)\(first: (\d+)", told["query"]):
            start, end = int(told["variables"]["after"] or 0), int(told["variables"]["after"] or 0) + int(first)
            info = {"hasNextPage": end < len(lists[name]), "endCursor": str(end)}
            found[name] = {"pageInfo": info, "nodes": lists[name][start:end]}
            if name == self.withheld:
                found[name] = None
                errors.append({"type": "FORBIDDEN", "path": ["repository", name], "message": "not accessible"})
        body = {"data": {"repository": found}} | ({"errors": errors} if errors else {})
        return httpx.Response(200, json=body, headers={"date": f"{self.day:02} Jun 2026 09:00:00 GMT"})


def milestone(number: int, **other: object) -> dict[str, object]:
    told = {
        "id": f"MI_{number}",
        "number": number,
        "title": f"Step {number}",
        "state": "OPEN",
        "dueOn": None,
        "closedAt": None,
    }
    told |= {
        "createdAt": "2026-03-01T09:00:00Z",
        "updatedAt": "2026-03-01T09:00:00Z",
        "url": f"https://github.example/{number}",
    }
    return told | {"openIssues": {"totalCount": 2}, "closedIssues": {"totalCount": 1}} | other


@pytest.fixture
def lists(monkeypatch, tmp_path):
    """Return a repository's short lists to be written, and a function that reads both and returns their tallies or refusals."""
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "none.toml"))
    made = Lists()
    names = ("github_environments", "github_milestones")

    def read() -> list:
        async def go(live: Live):
            async with Wire("GitHub", "https://github.example", {}, "/graphql", httpx.MockTransport(made)) as wire:
                wire_at = stream.Context(wire, live, "github.example", "github", "acme/shop")
                await wire.graphql("query { nothing }", {})  # the day is the service's
                some = [one for one in STREAMS["github"] if one.name in names]
                found = (stream.collect(one, wire_at, lambda _: None) for one in some)
                return await asyncio.gather(*found, return_exceptions=True)

        with Live("team") as live:
            told = asyncio.run(go(live))
            publish(live)
        made.asked -= 1
        return told

    return made, read


def open_issues() -> dict[int, int]:
    return dict(query("select number, open_issues from milestones").itertuples(index=False))


def test_milestones_come_with_the_environments_and_more_than_a_page_of_them_is_not_cut(lists):
    made, read = lists
    environments, milestones = read()

    assert (environments.requests, milestones.requests, made.asked) == (1, 2, 3), (
        "130 are three pages, one of them shared"
    )
    assert (milestones.new, milestones.expected) == (130, 130)
    assert sorted(open_issues()) == list(range(1, 131))
    read()
    assert made.asked == 3, "and not again on the same day"


def test_a_milestone_that_moves_no_date_is_seen_to_change_and_one_that_was_deleted_is_gone(lists):
    made, read = lists
    read()
    made.day, made.milestones[0:3] = (
        2,
        [milestone(1), milestone(2, openIssues={"totalCount": 0}, closedIssues={"totalCount": 3})],
    )
    _, milestones = read()

    assert (milestones.new, milestones.changed) == (0, 1)
    assert len(open_issues()) == 129
    assert open_issues()[2] == 0
    assert store("select id from raw.github_milestones where gone_at is not null") == [("MI_3",)]
    made.day, made.milestones = 3, [milestone(3)]
    read()
    assert open_issues() == {3: 2}, "one that is seen again is back"


def test_milestones_of_an_unknown_form_are_set_aside_with_the_reason_and_nothing_is_taken_for_deleted(lists):
    made, read = lists
    made.milestones = made.milestones[:60]
    read()
    made.day, made.milestones[4], made.milestones[5] = 2, milestone(5, updatedAt=None), milestone(6, id=None)
    made.milestones[6] = milestone(7, mood="bright")
    made.milestones.pop()
    _, milestones = read()

    assert (milestones.rejected, milestones.fields, milestones.changed) == (2, 1, 1)
    assert len(open_issues()) == 60, "one without its id could be any of those that seem to be gone"
    assert len(store("select reason from rejects where stream = 'github_milestones'")) == 2
    made.milestones[4], made.milestones[5] = milestone(5), milestone(6)
    read()
    assert len(open_issues()) == 59, "what was set aside is asked for again at once, and all is known again"


@pytest.mark.parametrize(("withheld", "held"), [("milestones", "environments"), ("environments", "milestones")])
def test_a_token_that_may_not_read_one_short_list_reads_the_other(lists, withheld, held):
    made, read = lists
    made.withheld = withheld
    told = dict(zip(("environments", "milestones"), read(), strict=True))

    assert f"does not let this token read the {withheld} of acme/shop" in str(told[withheld])
    assert told[held].new > 0


# Signing in as an App


@pytest.fixture(scope="session")
def key():
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return made, pem.decode()


class Apps:
    """A GitHub whose clock is off and whose tokens end: it checks every letter as GitHub does."""

    def __init__(self, public, offset: timedelta = timedelta(0), life: int = 3600) -> None:
        self.public, self.offset, self.life = public, offset.total_seconds(), life
        self.letters, self.tokens, self.refuse = [], [], set()

    def now(self) -> float:
        return time.time() + self.offset

    def __call__(self, request: httpx.Request) -> httpx.Response:
        date = {"date": formatdate(self.now(), usegmt=True)}
        told = request.headers["authorization"].removeprefix("Bearer ")
        if request.url.path.endswith("/app/installations/7/access_tokens"):
            claims = jwt.decode(
                told, self.public, algorithms=["RS256"], options={"verify_exp": False, "verify_iat": False}
            )
            self.letters.append(claims)
            if not (0 < claims["exp"] - self.now() <= 600 and claims["iat"] <= self.now() and claims["iss"] == "12"):
                return httpx.Response(401, headers=date, json={"message": "'exp' is off"})
            self.tokens.append(f"ghs_{len(self.tokens)}")
            ends = datetime.fromtimestamp(self.now() + self.life, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            return httpx.Response(201, headers=date, json={"token": self.tokens[-1], "expires_at": ends})
        good = told in self.tokens and told not in self.refuse
        return httpx.Response(200 if good else 401, headers=date, json={"ok": good})


class Shut(Apps):
    """A GitHub that knows no such App."""

    def __call__(self, _: httpx.Request) -> httpx.Response:
        return httpx.Response(404, json={"message": "Not Found"})


def visits(apps: Apps, pem: str, times: int = 2) -> list[dict]:
    signed = installation(
        "https://api.example",
        {"GITHUB_APP_ID": "12", "GITHUB_APP_INSTALLATION_ID": "7", "GITHUB_APP_PRIVATE_KEY": pem}.get,
    )

    async def go() -> list[dict]:
        transport = httpx.MockTransport(apps)
        async with Wire("GitHub", "https://api.example", {}, transport=transport, auth=signed) as wire:
            found = [(await wire.get("/user")).body]
            apps.refuse |= {t for t in apps.tokens if apps.refuse}
            more = (wire.get("/user", page=n) for n in range(times - 1))
            found += [answer.body for answer in await asyncio.gather(*more)]
            return found

    return asyncio.run(go())


def test_an_app_signs_in_once_and_uses_its_token(key):
    apps = Apps(key[0].public_key())

    assert visits(apps, key[1], 9) == [{"ok": True}] * 9
    assert len(apps.tokens) == 1


@pytest.mark.parametrize("hours", [-5, 5])
def test_an_app_signs_in_by_the_services_clock_when_ours_is_wrong(key, hours):
    apps = Apps(key[0].public_key(), timedelta(hours=hours))

    assert visits(apps, key[1]) == [{"ok": True}] * 2
    assert len(apps.letters) == 2
    assert len(apps.tokens) == 1


def test_a_token_is_renewed_before_it_ends_and_once_when_it_was_revoked(key):
    short = Apps(key[0].public_key(), life=100)
    visits(short, key[1], 2)
    assert len(short.tokens) == 2

    revoked = Apps(key[0].public_key())
    revoked.refuse = {"something"}
    assert visits(revoked, key[1], 6) == [{"ok": True}] * 6
    assert len(revoked.tokens) == 2


def test_an_app_that_is_refused_is_said_in_words_without_its_key(key):
    with pytest.raises(Unauthorised, match="refused the App's sign-in") as told:
        visits(Shut(key[0].public_key()), key[1])
    assert "BEGIN" not in str(told.value)


@pytest.mark.parametrize(
    "spoilt", ["no key at all", "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----"]
)
def test_a_key_that_is_none_is_said_before_anything_is_sent(spoilt):
    told = {"GITHUB_APP_ID": "12", "GITHUB_APP_INSTALLATION_ID": "7", "GITHUB_APP_PRIVATE_KEY": spoilt}
    with pytest.raises(CairnError, match="GITHUB_APP_PRIVATE_KEY") as error:
        installation("https://api.example", told.get)
    assert spoilt not in str(error.value)


def test_the_key_may_be_a_file_or_a_text_with_written_line_breaks(key, tmp_path):
    (tmp_path / "app.pem").write_text(key[1], encoding="ascii")
    for told in (str(tmp_path / "app.pem"), key[1].replace("\n", "\\n")):
        assert visits(Apps(key[0].public_key()), told) == [{"ok": True}] * 2


def test_the_recorded_github_is_read_as_an_app(replay, collect, collected, monkeypatch, key):
    monkeypatch.delenv("GITHUB_TOKEN")
    for name, value in (("ID", "12"), ("INSTALLATION_ID", "1"), ("PRIVATE_KEY", key[1])):
        monkeypatch.setenv(f"GITHUB_APP_{name}", value)
    replay.mutate({"op": "new_pull", "repo": "bitcoin-core/gui", "title": "Seen by the App"})
    outcome = collect("github")[0]

    assert outcome.parked == []
    assert outcome.new == 1


# What the nouns make of it


def test_a_merge_counts_as_deployed_when_it_lies_below_the_deployed_commit_whatever_the_clocks_say(graph, tmp_path):
    made, read = graph
    made.commits = [("m3", 9, ["m2"]), ("m2", 5, ["m1"]), ("m1", 2, [])]
    read()

    def pull(number: int, sha: str, day: int) -> Row:
        at = f"2026-03-{day:02}T09:00:00Z"
        body = {"number": number, "state": "MERGED", "createdAt": at, "mergedAt": at, "baseRefName": "main"}
        return Row(f"P{number}", SEEN, body | {"mergeCommit": {"oid": sha}}, "acme/shop")

    def deployment(name: str, sha: str, day: int) -> Row:
        at = f"2026-03-{day:02}T12:00:00Z"
        status = {"id": f"S{name}", "state": "SUCCESS", "createdAt": at}
        body = {"environment": "production", "commitOid": sha, "createdAt": at, "statuses": {"nodes": [status]}}
        return Row(name, SEEN, body, "acme/shop")

    with Live("team") as live:
        for table, rows in {
            # the merge times of m2 and m3 are told the wrong way round; history knows better
            "github_pull_requests": [pull(1, "m1", 2), pull(2, "m2", 10), pull(3, "m3", 5)],
            "github_deployments": [deployment("D1", "m2", 11), deployment("D2", "m3", 20)],
        }.items():
            live.land(Origin("github.example", "github", table, "acme/shop"), rows, Progress(), SEEN)
        publish(live)

    found = query("select number, deployed_at::date::text as day from pull_requests order by number")
    assert found.day.tolist() == ["2026-03-11", "2026-03-11", "2026-03-20"]


def test_jobs_are_read_where_they_are_asked_for_and_nowhere_else(replay, collect, tmp_path):
    lately = datetime(2026, 1, 1, tzinfo=UTC)  # a request for each run
    collect("github", lately, published=True)
    assert query("select count(*) as n from workflow_jobs").n[0] == 0

    words = tmp_path / "team.toml"
    words.write_text(words.read_text(encoding="utf-8").replace("[jira]", 'jobs = ["ci.yml"]\n[jira]'), encoding="utf-8")
    replay.mutate({"op": "run", "repo": "bitcoin-core/gui"})
    collect("github", lately, published=True)
    counted = (
        "select count(*) from raw.github_runs where (body->>'status') = 'completed' and (body->>'path') like '%/ci.yml'"
    )

    assert store("select count(*) > 100 from raw.github_jobs") == [(True,)]
    assert store("select count(*) from raw.github_jobs") == store(counted)
    assert query(
        "select count(*) > 100 and count(finished_at) = count(*) as n from workflow_jobs where outcome = 'success'"
    ).n[0]
    assert collect("github", lately)[0].requests == 1, "nothing is read twice"


# Many repositories


def test_250_repositories_in_which_nothing_is_new_cost_three_requests(tmp_path, monkeypatch):
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path))
    names = tuple(f"acme/r{k}" for k in range(250))
    told = {
        name: {
            "id": f"R_{name}",
            "nameWithOwner": name,
            "url": f"https://github.com/{name}",
            "isArchived": False,
            "createdAt": None,
        }
        for name in names
    }

    def answer(request: httpx.Request) -> httpx.Response:
        asked = re.findall(r'(r\d+): repository\(owner: "(\w+)", name: "(\w+)"', json.loads(request.content)["query"])
        data = {place: told[f"{owner}/{name}"] for place, owner, name in asked}
        return httpx.Response(200, json={"data": data}, headers={"date": "Mon, 01 Jun 2026 00:00:00 GMT"})

    github = Source(
        "github", "github.com", "https://api.github.com", "/graphql", {}, names, transport=httpx.MockTransport(answer)
    )
    with Live("team") as live:
        for name in names:
            for one in STREAMS["github"]:
                live.land(Origin("github.com", "github", one.name, name), [], Progress({}, SEEN), SEEN)
            marked = Progress({"mark": json.dumps(told[name], sort_keys=True)}, SEEN)
            live.land(Origin("github.com", "github", PROBE, name), [], marked, SEEN)
        live.land(Origin("github.com", "github", "github_teams", "acme"), [], Progress({}, SEEN), SEEN)
        (outcome,) = asyncio.run(sync.Run(live, Silent()).all([github]))

    assert (outcome.requests, outcome.new, outcome.changed, outcome.parked) == (3, 0, 0, [])
