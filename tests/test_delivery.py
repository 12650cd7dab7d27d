"""Delivery: which deployment carried what, what failed and why, and DORA's five numbers, from answers as GitHub and Jira give them."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from data import Live, Origin, Progress, Row, publish, query, rules
from metrics import behind, metric, rows, trend
from tests import test_nouns
from tests.test_nouns import JIRA, REPO, SEEN, at, commit, day, deployment, pull, ticket, who

told = test_nouns.told
HOUR = 1 / 24
SOURCES = '[[github]]\nrepositories = ["acme/checkout", "acme/search"]\n[[jira]]\nurl = "https://jira.example"\nprojects = ["SHOP"]\n'
STREAMS = (
    "github_pull_requests", "github_deployments", "github_releases", "github_runs", "github_commits", "github_issues",
    "jira_issues", "jira_histories",
)  # fmt: skip
SERVICES = """
[deployments]
production = ["*-live", "production"]
[[services]]
name = "Payments"
repositories = ["acme/checkout"]
paths = ["services/payments/*", "lib/money.py"]
environments = ["payments-*"]
[[services]]
name = "Basket"
repositories = ["acme/*"]
paths = ["services/basket/*"]
environments = ["basket-*"]
"""


def complete(moment: str) -> None:
    """Tell that everything has been read up to a moment, and publish."""
    with Live("team") as live:
        for stream in STREAMS:
            kind = stream.partition("_")[0]
            origin = Origin(*(("github.com", kind, stream, REPO) if kind == "github" else (JIRA, kind, stream, JIRA)))
            live.land(origin, [], Progress(complete_to=datetime.fromisoformat(moment)), SEEN)
        publish(live)


def files(*paths: str) -> dict[str, Any]:
    return {"files": {"nodes": [{"path": path} for path in paths]}}


def elsewhere(body: dict[str, Any], repo: str = "acme/search") -> Row:
    return Row(body["id"], SEEN, body, repo)


def line(*shas: str | tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the default branch, oldest first; of a tuple the first is the merge, the others lie beside the line."""
    found = []
    for n, one in enumerate(shas):
        beside = one if isinstance(one, tuple) else (one,)
        for sha in beside:
            on_line = sha == beside[0]
            found.append(
                {
                    "id": f"C{sha}",
                    "oid": sha,
                    "committedDate": at(n),
                    "walk": 1,
                    "below": len(shas) - n,
                    "line": on_line,
                }
            )
    return found


def incident(n: int, began: float, ended: float | None = None, **fields: Any) -> tuple[str, dict[str, Any]]:
    known = {"issuetype": {"name": "Incident"}, "created": at(began).replace("Z", ".000+0000")}
    if ended is not None:
        known |= {"resolutiondate": at(ended).replace("Z", ".000+0000"), "updated": at(ended).replace("Z", ".000+0000")}
    status = ("1", "Open") if ended is None else ("6", "已完成")
    return ticket(n, *status, **known | fields)


def of(component: str) -> dict[str, Any]:
    return {"components": [{"name": component}]}


def deployed(ask: Any) -> dict[int, float | None]:
    return {r.number: day(r.deployed_at) for r in ask("from pull_requests order by number").itertuples()}


def failed(ask: Any) -> dict[int, str]:
    """Return why each failed deployment failed, by its number."""
    found = ask("select database_id as n, cause from deployments where failed order by n")
    return dict(zip(found["n"], found["cause"], strict=True))


def linked(ask: Any) -> dict[str, tuple[Any, ...]]:
    """Return, by key of an incident: the deployment's number, how it was found, how sure that is."""
    found = ask(
        "select key, database_id, linked_by, i.confidence from incidents i left join deployments d on d.id = deployment_id"
    )
    return {r.key: (r.database_id, r.linked_by, r.confidence) for r in found.itertuples()}


# From the commit to the deployment


def test_a_squash_goes_out_with_the_first_deployment_of_its_commit_or_a_later_one(told):
    ask = told(
        github_pull_requests=[pull(n, merged=n) for n in (1, 2, 3)],
        github_commits=line("first", "sha1", "pushed", "sha2", "sha3"),
        github_deployments=[deployment(1, "pushed", ("SUCCESS", 4)), deployment(2, "sha2", ("SUCCESS", 5))],
    )
    assert deployed(ask) == {1: 4, 2: 5, 3: None}
    assert dict(ask("select pull_request_id, deployment_id from changes").to_numpy()) == {
        "P1": "D1",
        "P2": "D2",
        "P3": None,
    }


def test_a_rebase_goes_out_when_its_last_commit_does(told):
    rebased = pull(1, commit("was-a", 0), commit("was-b", 0.1), merged=1, mergeCommit={"oid": "b"})
    ask = told(
        github_pull_requests=[rebased],
        github_commits=line("first", "a", "b", "c"),
        github_deployments=[deployment(1, "a", ("SUCCESS", 2)), deployment(2, "c", ("SUCCESS", 3))],
    )
    assert deployed(ask) == {1: 3}


def test_a_merge_goes_out_with_the_commits_beside_the_line_that_it_brought_in(told):
    ask = told(
        github_pull_requests=[pull(1, merged=1), pull(2, merged=2)],
        github_commits=line("first", ("sha1", "beside-1"), ("sha2", "beside-2")),
        github_deployments=[deployment(1, "beside-1", ("SUCCESS", 3)), deployment(2, "sha2", ("SUCCESS", 4))],
    )
    assert deployed(ask) == {1: 3, 2: 4}


def test_an_older_place_in_the_history_put_live_again_is_a_rollback_without_any_pull_request(told):
    ask = told(
        github_commits=line("a", "b", "c"),
        github_deployments=[
            deployment(1, "c", ("SUCCESS", 1)),
            deployment(2, "b", ("SUCCESS", 2)),
            deployment(3, "c", ("SUCCESS", 3)),
        ],
    )
    assert failed(ask) == {1: "rolled back"}
    assert ask("select database_id as n, why_rework from deployments where rework").to_numpy().tolist() == [
        [2, "rollback"]
    ]


def test_two_services_in_one_repository_go_out_each_on_their_own(told):
    ask = told(
        SERVICES,
        github_pull_requests=[
            pull(1, merged=1, **files("services/payments/card.py")),
            pull(2, merged=1, **files("services/basket/sum.py", "README.md")),
            pull(3, merged=1, **files("LIB/money.py", "services/basket/sum.py")),
            pull(4, merged=1, **files("README.md", "services/paymentsandmore/x.py")),
            pull(5, merged=6, **files("services/basket/sum.py")),
        ],
        github_pull_request_parts=[("P4", files(*(f"docs/{n}.md" for n in range(60))))],
        github_deployments=[
            deployment(1, "sha4", ("SUCCESS", 2), environment="basket-live"),
            deployment(2, "sha4", ("SUCCESS", 3), environment="payments-test"),
            deployment(3, "sha4", ("SUCCESS", 4), environment="payments-live"),
            deployment(4, "sha4", ("SUCCESS", 5), environment="production"),
        ],
    )
    assert deployed(ask) == {1: 4, 2: 2, 3: 2, 4: 2, 5: None}
    assert list(ask("select service from pull_requests order by number")["service"]) == [
        "Payments",
        "Basket",
        None,
        None,
        "Basket",
    ]
    both = ask("select service, deployment_id from changes where pull_request_id = 'P3' order by service")
    assert both.to_numpy().tolist() == [["Basket", "D1"], ["Payments", "D3"]]
    assert list(ask("select service from deployments order by database_id")["service"]) == [
        "Basket",
        "Payments",
        "Payments",
        None,
    ]


def test_a_change_has_reached_customers_with_the_first_of_several_environments_and_each_counts(told):
    ask = told(
        '[deployments]\nproduction = ["prod-*"]\n' + SOURCES,
        github_pull_requests=[pull(1, merged=1)],
        github_deployments=[
            deployment(1, "sha1", ("SUCCESS", 2), environment="staging"),
            deployment(2, "sha1", ("SUCCESS", 3), environment="prod-eu"),
            deployment(3, "sha1", ("SUCCESS", 3 + HOUR / 10), environment="prod-us"),
        ],
    )
    assert deployed(ask) == {1: 3}
    complete("2026-03-09")
    assert trend(metric("deployment_frequency"))["value"].tolist() == [2]
    assert set(rows(metric("deployment_frequency"))["kind"]) == {"prod-eu", "prod-us"}


def test_of_an_old_repository_the_first_deployment_on_record_carries_only_the_last_thirty_days(told):
    merges = [pull(n, merged=-when) for n, when in enumerate((200, 40, 29, 1))]
    ask = told(github_pull_requests=merges, github_deployments=[deployment(1, "sha3", ("SUCCESS", 0))])
    assert deployed(ask) == {0: None, 1: None, 2: 0, 3: 0}

    ask = told(github_pull_requests=[pull(9, merged=-89)], github_deployments=[deployment(1, "sha9", ("SUCCESS", 0))])
    assert len(ask("from pull_requests where number = 9 and deployed_at is null")) == 1  # still that old repository


def test_of_a_young_repository_the_first_deployment_carries_everything(told):
    merges = [pull(n, merged=-when) for n, when in enumerate((89, 40, 1))]
    ask = told(github_pull_requests=merges, github_deployments=[deployment(1, "sha2", ("SUCCESS", 0))])
    assert deployed(ask) == {0: 0, 1: 0, 2: 0}


def test_reverts_are_in_no_lead_time_and_what_is_not_out_yet_has_none(told):
    told(
        SOURCES,
        github_pull_requests=[
            pull(1, commit("a", 0), merged=1, title="Add tax"),
            pull(2, commit("b", 1.1), opened=1.2, merged=1.5, title='Revert "Add tax"'),
            pull(3, commit("c", 1), merged=4),
        ],
        github_deployments=[deployment(1, "sha1", ("SUCCESS", 1.2)), deployment(2, "sha2", ("SUCCESS", 3))],
    )
    found = rows(metric("change_lead_time"))
    assert found["what"].tolist() == ["#1 Add tax", "#3 Change 3"]
    assert found["value"].fillna(-1).tolist() == pytest.approx([1.2, -1])


def test_lead_time_is_told_by_service_where_there_are_services(told):
    told(
        SERVICES + SOURCES,
        github_pull_requests=[
            pull(1, commit("a", 0), merged=1, **files("services/payments/card.py")),
            pull(2, commit("b", 0), merged=1, **files("README.md")),
        ],
        github_deployments=[deployment(1, "sha2", ("SUCCESS", 2), environment="payments-live")],
    )
    assert rows(metric("change_lead_time"))[["area", "value"]].to_numpy().tolist() == [["Payments", 2], ["checkout", 2]]
    assert rows(metric("deployment_frequency"))["area"].tolist() == ["Payments"]


# The same again


def test_the_same_commit_put_to_the_same_place_again_within_ten_minutes_is_one_deployment(told):
    minute = HOUR / 60
    ask = told(
        SOURCES,
        github_deployments=[
            deployment(1, "a", ("IN_PROGRESS", 1), ("FAILURE", 1 + 20 * minute)),
            deployment(
                2, "a", ("IN_PROGRESS", 1 + 25 * minute), ("SUCCESS", 1 + 45 * minute)
            ),  # it went well after all
            deployment(3, "a", ("SUCCESS", 1 + 50 * minute)),
            deployment(4, "a", ("SUCCESS", 1 + 70 * minute)),  # looked at again, not run again
            deployment(5, "b", ("FAILURE", 2)),
            deployment(6, "b", ("FAILURE", 2 + 5 * minute)),
            deployment(7, "b", ("SUCCESS", 2 + 30 * minute)),
            deployment(8, "b", ("SUCCESS", 2 + 32 * minute), environment="live"),
        ],
    )
    again = ask("select database_id as n, rerun_of from deployments where rerun_of is not null order by n")
    assert again.to_numpy().tolist() == [[1, "D2"], [3, "D2"], [6, "D5"]]
    assert failed(ask) == {5: "own failure"}
    complete("2026-03-09")
    assert trend(metric("deployment_frequency"))["value"].tolist() == [4]
    assert trend(metric("change_fail_rate"))[["value", "n"]].to_numpy().tolist() == [[1 / 5, 5]]


# What failed, and why


def test_a_hotfix_within_a_day_means_that_the_last_planned_deployment_failed(told):
    ask = told(
        github_deployments=[
            deployment(1, "a", ("SUCCESS", 1)),
            deployment(2, "b", ("SUCCESS", 1 + HOUR), task="deploy:hotfix"),
            deployment(3, "c", ("SUCCESS", 1 + 3 * HOUR), task="deploy:hotfix"),  # the same trouble still
            deployment(4, "d", ("SUCCESS", 5)),
            deployment(5, "e", ("SUCCESS", 6.1), ref={"name": "hotfix/late"}),  # more than a day
            deployment(6, "f", ("SUCCESS", 8), environment="staging"),
            deployment(7, "g", ("SUCCESS", 8.1), task="deploy:hotfix"),  # staging is another place
        ]
    )
    assert failed(ask) == {1: "hotfix"}
    found = ask("select why_failed, restored_at, confidence from deployments where failed").to_dict("records")[0]
    assert found["why_failed"] == "A hotfix followed within a day: b."
    assert (day(found["restored_at"]), found["confidence"]) == (pytest.approx(1 + HOUR), "low")
    assert list(ask("select database_id as n from deployments where rework order by n")["n"]) == [2, 3, 5, 7]


def test_a_branch_called_hotfix_makes_the_deployment_that_carries_it_one(told):
    ask = told(
        github_pull_requests=[pull(1, merged=1), pull(2, merged=1.3, headRefName="hotfix/tax")],
        github_deployments=[deployment(1, "sha1", ("SUCCESS", 1.1)), deployment(2, "sha2", ("SUCCESS", 1.4))],
    )
    assert failed(ask) == {1: "hotfix"}
    assert list(ask("select why_rework from deployments order by database_id")["why_rework"]) == [None, "hotfix"]


def test_a_revert_that_goes_out_within_a_day_means_that_what_carried_the_change_failed(told):
    def taken_back(when: float) -> Any:
        return told(
            github_pull_requests=[
                pull(1, merged=1, title="Add tax"),
                pull(2, merged=1.2),
                pull(3, opened=1.3, merged=1.4, title='Revert "Add tax"', headRefName="revert-1-add-tax"),
            ],
            github_deployments=[
                deployment(1, "sha1", ("SUCCESS", 1.1)),
                deployment(2, "sha2", ("SUCCESS", 1.25)),
                deployment(3, "sha3", ("SUCCESS", when)),
            ],
        )

    ask = taken_back(1.5)
    assert failed(ask) == {1: "reverted"}
    found = ask("select why_failed, restored_at from deployments where failed").to_dict("records")[0]
    assert found["why_failed"] == "A change in it was taken back by #3, which went out within a day."
    assert day(found["restored_at"]) == 1.5
    assert list(ask("select database_id as n from deployments where rework")["n"]) == [3]


def test_a_revert_that_goes_out_later_is_a_change_of_mind(told):
    ask = told(
        github_pull_requests=[
            pull(1, merged=1, title="Add tax"),
            pull(3, opened=1.3, merged=1.4, title='Revert "Add tax"'),
        ],
        github_deployments=[deployment(1, "sha1", ("SUCCESS", 1.1)), deployment(3, "sha3", ("SUCCESS", 2.2))],
    )
    assert failed(ask) == {}


def test_a_revert_after_a_rollback_only_tidies_up(told):
    ask = told(
        github_pull_requests=[
            pull(1, merged=1),
            pull(2, merged=2, title="Add tax"),
            pull(3, opened=2.3, merged=2.4, title='Revert "Add tax"'),
        ],
        github_deployments=[
            deployment(1, "sha1", ("SUCCESS", 1.1)),
            deployment(2, "sha2", ("SUCCESS", 2.1)),
            deployment(3, "sha1", ("SUCCESS", 2.2)),
            deployment(4, "sha3", ("SUCCESS", 2.5)),
        ],
    )
    assert failed(ask) == {2: "rolled back"}
    assert list(ask("select database_id as n from deployments where rework")["n"]) == [3]


# Incidents


TWO = {
    "github_deployments": [
        deployment(1, "a", ("SUCCESS", 1)),
        elsewhere(deployment(2, "b", ("SUCCESS", 1.5))),
        deployment(3, "c", ("SUCCESS", 9)),
    ]
}


def test_an_incident_belongs_to_the_last_deployment_of_its_service_before_it_and_not_of_another(told):
    ask = told(**TWO, jira_issues=[incident(1, 2, 2.5, **of("checkout")), incident(2, 2, **of("Search"))])
    assert linked(ask) == {"SHOP-1": (1, "service", "high"), "SHOP-2": (2, "service", "high")}
    assert failed(ask) == {1: "incident", 2: "incident"}
    found = ask(
        "select why_failed, restored_at, confidence from deployments where failed order by database_id"
    ).to_dict("records")
    assert found[0]["why_failed"] == "Incident SHOP-1: The last deployment there before it, 24.0 hours earlier."
    assert [day(one["restored_at"]) for one in found] == [2.5, None]
    assert list(ask("select area from incidents order by key")["area"]) == ["checkout", "search"]


def test_a_label_or_the_repository_says_which_service_it_was(told):
    here = {
        "id": "I1",
        "number": 7,
        "title": "Down",
        "state": "OPEN",
        "createdAt": at(2),
        "labels": {"nodes": [{"name": "outage"}]},
    }
    ask = told(**TWO, github_issues=[here], jira_issues=[incident(2, 2, labels=["service:search"])])
    assert linked(ask) == {"acme/checkout#7": (1, "service", "high"), "SHOP-2": (2, "service", "high")}


def test_a_service_of_a_repository_goes_before_the_repository(told):
    ask = told(
        SERVICES,
        github_deployments=[
            deployment(1, "a", ("SUCCESS", 1), environment="payments-live"),
            deployment(2, "b", ("SUCCESS", 1.5), environment="basket-live"),
        ],
        jira_issues=[
            incident(1, 2, components=[{"name": "checkout"}, {"name": "payments"}]),
            incident(2, 2, **of("checkout")),
        ],
    )
    assert linked(ask) == {"SHOP-1": (1, "service", "high"), "SHOP-2": (2, "service", "high")}
    assert list(ask("select service from incidents order by key")["service"]) == ["Payments", None]


def test_a_deployment_too_long_ago_began_no_incident(told):
    words = "[incidents]\nwithin = 12\n"
    ask = told(words, **TWO, jira_issues=[incident(1, 1.4, **of("checkout")), incident(2, 1.6, **of("checkout"))])
    assert linked(ask) == {"SHOP-1": (1, "service", "high"), "SHOP-2": (None, None, None)}
    assert (
        ask("select how from incidents where key = 'SHOP-2'").iloc[0, 0]
        == "No deployment there in the 12.0 hours before it."
    )
    assert failed(ask) == {1: "incident"}

    ask = told("[incidents]\nwithin = 24\n", **TWO)
    assert linked(ask)["SHOP-2"] == (1, "service", "high")


def test_an_incident_before_every_deployment_or_of_nothing_deployed_fails_nothing(told):
    ask = told(**TWO, jira_issues=[incident(1, 0.5), incident(2, 6, **of("unknown")), incident(3, 1.2, **of("search"))])
    assert {one for key in linked(ask).values() for one in key} == {None}
    assert failed(ask) == {}


def test_an_incident_that_says_nothing_of_where_is_tied_by_time_alone_with_little_confidence(told):
    ask = told(**TWO, jira_issues=[incident(1, 2)])
    assert linked(ask) == {"SHOP-1": (2, "time", "low")}
    assert ask("select confidence from deployments where failed").iloc[0, 0] == "low"

    ask = told('[[teams]]\nname = "Shop"\nprojects = ["SHOP"]\nrepositories = ["acme/checkout"]\n', **TWO)
    assert linked(ask) == {"SHOP-1": (1, "time", "low")}  # what the team goes out with, before everything else


def test_a_pull_request_that_names_an_incident_says_where_it_was(told):
    closing = {"closingIssuesReferences": {"nodes": [{"number": 7, "repository": {"nameWithOwner": REPO}}]}}
    here = {
        "id": "I1",
        "number": 7,
        "title": "Down",
        "state": "OPEN",
        "createdAt": at(1.8),
        "labels": {"nodes": [{"name": "outage"}]},
    }
    ask = told(
        **TWO,
        github_pull_requests=[
            pull(1, opened=2, merged=2.1, headRefName="shop-1-mend-it"),
            elsewhere(pull(2, opened=2, merged=2.2, **closing)),
            pull(3, merged=0.1, title="SHOP-3 was long before"),
        ],
        github_issues=[here],
        jira_issues=[incident(1, 2), incident(12, 2), incident(3, 2, **of("search"))],
    )
    assert linked(ask) == {
        "SHOP-1": (1, "link", "high"), "SHOP-12": (2, "time", "low"), "SHOP-3": (2, "service", "high"),
        "acme/checkout#7": (2, "link", "high"),
    }  # fmt: skip


def test_a_revert_that_names_an_incident_points_at_what_carried_the_change(told):
    ask = told(
        github_pull_requests=[
            pull(1, merged=0.9, title="Add tax"),
            pull(2, opened=6, merged=6.1, title='Revert "Add tax"', headRefName="revert-1-shop-1"),
        ],
        github_deployments=[
            deployment(1, "sha1", ("SUCCESS", 1)),
            deployment(2, "later", ("SUCCESS", 5)),
            deployment(3, "sha2", ("SUCCESS", 6.2)),
        ],
        jira_issues=[incident(1, 5.5, 6.2)],
    )
    assert linked(ask) == {"SHOP-1": (1, "link", "high")}
    assert ask("select database_id as n, why_rework from deployments where rework").to_numpy().tolist() == [
        [3, "incident"]
    ]


def caused(other: int, said: str = "is caused by", back: str = "causes", side: str = "inwardIssue") -> dict[str, Any]:
    """Return the fields of an issue that is linked to another one: what that says here, and what it says there."""
    ways = (said, back) if side == "inwardIssue" else (back, said)
    kind = {"name": "Problem/Incident", "inward": ways[0], "outward": ways[1]}
    return {"issuelinks": [{"type": kind, side: {"id": str(other), "key": f"SHOP-{other}"}}]}


LINKED = {
    "github_pull_requests": [
        pull(1, merged=0.5, title="SHOP-10 Add tax"),
        elsewhere(pull(2, merged=0.9, title="SHOP-11 Sort")),
    ],
    "github_deployments": [
        deployment(1, "sha1", ("SUCCESS", 1)),
        elsewhere(deployment(2, "sha2", ("SUCCESS", 1.5))),
        deployment(3, "later", ("SUCCESS", 1.9)),
    ],
}
STORY = {"issuetype": {"name": "Story"}}


def test_an_incident_linked_to_what_caused_it_belongs_to_the_deployment_that_carried_that_and_not_to_the_nearest(told):
    ask = told(
        **LINKED,
        jira_issues=[
            incident(1, 2, 2.5, **of("checkout"), **caused(10)),
            incident(2, 2, **of("checkout"), **caused(11)),  # it went out elsewhere
            incident(3, 2, **of("checkout"), **caused(12)),  # nothing of that one ever went out
            incident(4, 2, **of("checkout"), **caused(10, "relates to", "relates to")),
            incident(5, 0.9, **of("checkout"), **caused(10)),  # before it was out
            ticket(10, **STORY), ticket(11, **STORY), ticket(12, **STORY),
        ],
    )  # fmt: skip
    assert linked(ask) == {
        "SHOP-1": (1, "cause", "high"), "SHOP-2": (2, "cause", "high"), "SHOP-3": (3, "service", "high"),
        "SHOP-4": (3, "service", "high"), "SHOP-5": (None, None, None),
    }  # fmt: skip
    assert failed(ask) == {1: "incident", 2: "incident", 3: "incident"}
    first = ask("select why_failed, confidence, restored_at from deployments where database_id = 1").to_dict("records")[
        0
    ]
    assert first["why_failed"] == (
        "Incident SHOP-1: It is linked to SHOP-10 as what caused it, whose pull request #1 went out 24.0 hours before."
    )
    assert (first["confidence"], day(first["restored_at"])) == ("high", 2.5)
    traces = ask("select issue_id, key, cause_id, pull_request_id, deployment_id from issue_causes")
    assert traces.to_numpy().tolist() == [
        ["1", "SHOP-10", "10", "P1", "D1"], ["2", "SHOP-11", "11", "P2", "D2"], ["3", "SHOP-12", "12", None, None],
        ["5", "SHOP-10", "10", "P1", "D1"],
    ]  # fmt: skip


def test_a_link_says_what_caused_an_incident_from_either_end_and_when_the_other_was_not_read(told):
    ask = told(
        SOURCES,
        **LINKED,
        jira_issues=[
            incident(1, 2, **of("checkout")),
            incident(2, 2, **of("checkout"), **caused(11, side="outwardIssue")),
            ticket(10, **STORY, **caused(1, "causes", "is caused by")),
        ],
    )
    assert linked(ask) == {"SHOP-1": (1, "cause", "high"), "SHOP-2": (2, "cause", "high")}
    assert dict(ask("select key, cause_id from issue_causes").to_numpy()) == {"SHOP-10": "10", "SHOP-11": None}


def test_which_links_say_what_caused_something_is_the_teams_to_say_and_shown_before_it_is_believed(told):
    def asked(words: str) -> Any:
        return told(
            words, **LINKED, jira_issues=[incident(1, 2, **of("checkout"), **caused(10, "stammt von", "führt zu"))]
        )

    ask = asked("")
    assert linked(ask) == {"SHOP-1": (3, "service", "high")}
    seen = {(r.matched, r.items, r.applies) for r in rules.matches(ask).itertuples() if r.rule == "link"}
    assert seen == {("stammt von", 1, None), ("führt zu", 1, None)}

    ask = asked('[issues]\ncaused_by = ["Stammt*"]\n[[jira]]\nurl = "https://jira.example"\nprojects = ["SHOP"]\n')
    assert linked(ask) == {"SHOP-1": (1, "cause", "high")}
    assert ("stammt von", 1, "caused by") in {(r.matched, r.items, r.applies) for r in rules.matches(ask).itertuples()}


def test_of_several_deployments_of_the_cause_the_one_to_the_service_of_the_incident_counts_then_the_last_before_it(
    told,
):
    ask = told(
        SERVICES,
        github_pull_requests=[
            pull(1, merged=0.5, title="SHOP-10 Add tax", **files("lib/money.py", "services/basket/sum.py")),
            pull(2, merged=1.2, title="SHOP-11 Round", **files("services/payments/card.py")),
            pull(3, merged=1.4, title="SHOP-11 Round again", **files("services/payments/card.py")),
        ],
        github_deployments=[
            deployment(1, "sha1", ("SUCCESS", 1), environment="payments-live"),
            deployment(2, "sha1", ("SUCCESS", 1.1), environment="basket-live"),
            deployment(3, "sha2", ("SUCCESS", 1.3), environment="payments-live"),
            deployment(4, "sha3", ("SUCCESS", 1.5), environment="payments-live"),
            deployment(5, "later", ("SUCCESS", 1.8), environment="payments-live"),
        ],
        jira_issues=[
            incident(1, 2, **of("payments"), **caused(10)),
            incident(2, 2, **caused(10)),
            incident(3, 2, **of("payments"), **caused(11)),
            ticket(10, **STORY),
            ticket(11, **STORY),
        ],
    )
    assert {key: found for key, (found, *_) in linked(ask).items()} == {"SHOP-1": 1, "SHOP-2": 2, "SHOP-3": 4}


def test_what_a_person_says_goes_before_a_link_and_a_link_before_every_other_sign(told):
    words = '[[corrections]]\nincident = "SHOP-1"\ndeployment = "3"\n[incidents]\nwithin = 1\n'
    ask = told(
        words,
        **LINKED,
        jira_issues=[
            incident(1, 2, **of("checkout"), **caused(10)),
            incident(2, 40, **of("checkout"), **caused(10)),  # however long ago
            incident(3, 2, 3, **of("checkout"), **caused(10), resolution={"name": "Duplicate"}),
            ticket(10, **STORY),
        ],
    )
    assert linked(ask) == {
        "SHOP-1": (3, "person", "high"), "SHOP-2": (1, "cause", "high"), "SHOP-3": (None, None, None),
    }  # fmt: skip


def test_a_hotfix_for_a_bug_mends_what_carried_the_bugs_cause_and_a_bug_without_one_fails_nothing(told):
    def company(words: str) -> Any:
        return told(
            words,
            github_pull_requests=[
                pull(1, merged=0.5, title="SHOP-10 Add tax"),
                pull(2, merged=1.5, title="Sort"),
                pull(3, merged=2.4, title="SHOP-1 Tax again", headRefName="hotfix/tax"),
            ],
            github_deployments=[
                deployment(1, "sha1", ("SUCCESS", 1)),
                deployment(2, "sha2", ("SUCCESS", 2)),
                deployment(3, "sha3", ("SUCCESS", 2.5)),
            ],
            jira_issues=[
                ticket(1, created=at(2.2).replace("Z", ".000+0000"), **caused(10)),
                ticket(10, **STORY),
            ],
        )

    ask = company("")
    assert failed(ask) == {1: "hotfix"}
    found = ask("select why_failed, confidence, restored_at from deployments where failed").to_dict("records")[0]
    assert found["why_failed"] == "A hotfix for SHOP-1, linked to SHOP-10 as what caused it, followed: sha3."
    assert (found["confidence"], day(found["restored_at"])) == ("high", 2.5)

    ask = company("[deployments]\nhotfix = []\n")
    assert failed(ask) == {}
    assert ask("select issue_id, deployment_id from issue_causes").to_numpy().tolist() == [["1", "D1"]]


def test_a_person_may_say_which_deployment_it_was_or_that_it_was_none(told):
    def corrected(incident: str, deployment: str) -> str:
        return f'[[corrections]]\nincident = "{incident}"\ndeployment = "{deployment}"\n'

    words = (
        corrected("shop-1", "none")
        + corrected("SHOP-2", "1")
        + corrected("SHOP-3", "C0FFEE1")
        + corrected("SHOP-4", "999")
    )
    ask = told(
        words + corrected("SHOP-99", "none"),
        github_deployments=[*TWO["github_deployments"], deployment(4, "c0ffee1234567", ("SUCCESS", 0.1))],
        jira_issues=[incident(n, 2, **of("checkout")) for n in (1, 2, 3, 4)],
    )
    assert linked(ask) == {
        "SHOP-1": (None, None, None), "SHOP-2": (1, "person", "high"), "SHOP-3": (4, "person", "high"), "SHOP-4": (None, None, None),
    }  # fmt: skip
    how = dict(ask("select key, how from incidents").to_numpy())
    assert how["SHOP-1"] == "team.toml says that no deployment began it."
    assert how["SHOP-4"] == "team.toml names a deployment that is not known: 999."
    preview = {r.matched: (r.items, r.applies) for r in rules.matches(ask).itertuples() if r.rule == "correction"}
    assert preview["shop-2"] == (1, "team.toml names the deployment.")
    assert preview["shop-99"] == (0, None)


def test_one_event_seen_by_several_rules_is_one_failure(told):
    ask = told(
        SOURCES,
        github_pull_requests=[
            pull(1, merged=1),
            pull(2, merged=2, title="Add tax"),
            pull(3, opened=2.3, merged=2.4, title='Revert "Add tax"', headRefName="revert-2-add-tax"),
        ],
        github_deployments=[
            deployment(1, "sha1", ("SUCCESS", 1.1)),
            deployment(2, "sha2", ("SUCCESS", 2.1)),
            deployment(3, "sha1", ("SUCCESS", 2.2), task="deploy:rollback"),
            deployment(4, "sha3", ("SUCCESS", 2.5)),
            deployment(5, "x", ("SUCCESS", 2.7), task="deploy:hotfix"),
        ],
        jira_issues=[
            incident(1, 2.15, 2.3, **of("checkout")),
            incident(2, 2.25, 2.6, **of("checkout")),
        ],  # one came late
    )
    assert linked(ask) == {"SHOP-1": (2, "service", "high"), "SHOP-2": (2, "service", "high")}
    assert failed(ask) == {2: "incident", 4: "hotfix"}
    complete("2026-03-09")
    found = rows(metric("failed_deployment_recovery_time"), kind="incident")
    assert found["value"].tolist() == pytest.approx([12])  # to the end of the second incident
    assert "It was rolled back" in found["what"].iloc[0]


def test_a_deployment_that_ended_in_failure_is_what_the_incident_after_it_is_about(told):
    ask = told(
        github_deployments=[
            deployment(1, "a", ("SUCCESS", 1)),
            deployment(2, "b", ("FAILURE", 2)),
            deployment(3, "b", ("SUCCESS", 2.2)),
        ],
        jira_issues=[incident(1, 2.01, 2.3, **of("checkout"))],
    )
    assert failed(ask) == {2: "incident"}


def test_an_incident_closed_as_a_duplicate_or_not_planned_fails_nothing(told):
    closed = {"state": "CLOSED", "stateReason": "NOT_PLANNED", "closedAt": at(3)}
    here = {
        "id": "I1",
        "number": 7,
        "title": "Down",
        "createdAt": at(2),
        "labels": {"nodes": [{"name": "outage"}]},
    } | closed
    ask = told(
        **TWO, github_issues=[here], jira_issues=[incident(1, 2, 3, **of("checkout"), resolution={"name": "Duplicate"})]
    )
    assert failed(ask) == {}
    assert set(ask("select how from incidents")["how"]) == {
        "It was closed as duplicate.",
        "It was closed as not_planned.",
    }


# Releases instead of deployments


def release(n: int, tag: str, sha: str, published: float | None, **more: Any) -> dict[str, Any]:
    sent = None if published is None else at(published)
    return {
        "id": f"RE{n}", "tagName": tag, "name": tag, "isPrerelease": False, "createdAt": at(0), "publishedAt": sent,
        "url": f"https://github.com/{REPO}/releases/{tag}", "tagCommit": {"oid": sha},
    } | more  # fmt: skip


def test_where_the_team_says_so_a_release_is_a_deployment_and_it_is_said(told):
    streams = {
        "github_pull_requests": [pull(1, merged=1), pull(2, merged=2)],
        "github_releases": [
            release(1, "v1", "sha1", 1.5),
            release(2, "v2-rc", "sha2", 2.5, isPrerelease=True),
            release(3, "v2", "sha2", 3),
            release(4, "v3", "sha2", None),
        ],
    }
    ask = told(SOURCES, **streams)
    assert len(ask("from deployments")) == 0
    assert ("release", REPO, 4) in {(r.rule, r.matched, r.items) for r in rules.matches(ask).itertuples()}

    ask = told('[deployments]\nfrom_releases = ["acme/*"]\n' + SOURCES, **streams)
    assert deployed(ask) == {1: 1.5, 2: 3}
    assert set(ask("select evidence from deployments")["evidence"]) == {"release"}
    found = rows(metric("deployment_frequency"))
    assert found["what"].tolist() == [
        "checkout sha1 to release (told by its release v1)", "checkout sha2 to release (told by its release v2)",
    ]  # fmt: skip
    assert found["url"].tolist() == [f"https://github.com/{REPO}/releases/v1", f"https://github.com/{REPO}/releases/v2"]
    assert "production" in {r.applies for r in rules.matches(ask).itertuples() if r.rule == "release"}


def test_once_a_repository_tells_of_its_deployments_its_releases_count_no_longer(told):
    ask = told(
        '[deployments]\nfrom_releases = ["acme/checkout"]\n',
        github_releases=[release(1, "v1", "a", 1), release(2, "v2", "b", 3), elsewhere(release(3, "v9", "z", 3))],
        github_deployments=[deployment(1, "x", ("SUCCESS", 2)), deployment(2, "b", ("SUCCESS", 3))],
    )
    assert ask("select evidence, sha from deployments order by created_at").to_numpy().tolist() == [
        ["release", "a"], ["deployment", "x"], ["deployment", "b"],
    ]  # fmt: skip


# The five numbers


EIGHT = {
    # measurement.md 1.1: two weeks from Monday 2 March 2026; d2 and d5 failed, d3, d6 and d7 put something right
    "github_deployments": [
        deployment(n, f"d{n}", ("SUCCESS", days), **more)
        for n, days, more in (
            (1, 1 * HOUR, {}),
            (2, 1 + 6 * HOUR, {}),
            (3, 1 + 8.5 * HOUR, {"task": "deploy:rollback"}),
            (4, 3 + 2 * HOUR, {}),
            (5, 8, {}),
            (6, 8 + 3 * HOUR, {"task": "deploy:hotfix"}),
            (7, 9 + 7 * HOUR, {"task": "deploy:hotfix"}),
            (8, 11 + 1 * HOUR, {}),
        )
    ],
    "jira_issues": [
        incident(1, 8 + HOUR / 6, 8 + HOUR * 2 / 3, **of("checkout"))
    ],  # a flag put it right after 40 minutes
}


def test_eight_deployments_give_the_five_numbers_worked_out_by_hand(told):
    ask = told(SOURCES, **EIGHT)
    assert failed(ask) == {2: "rolled back", 5: "incident"}
    complete("2026-04-01")

    assert trend(metric("deployment_frequency"), until="2026-03-16")["value"].tolist() == [4, 4]
    assert rows(metric("deployment_frequency"))["happened_at"].dt.date.nunique() == 6
    month = {name: trend(metric(name), "month").iloc[0] for name in ("change_fail_rate", "deployment_rework_rate")}
    assert [point["value"] for point in month.values()] == [0.25, 0.375]
    assert [point["n"] for point in month.values()] == [8, 8]
    recovery = metric("failed_deployment_recovery_time")
    assert [value * 60 for value in rows(recovery)["value"]] == pytest.approx([150, 40])
    assert trend(recovery, "month")["value"].iloc[0] * 60 == pytest.approx(95)


def test_the_share_that_failed_comes_with_its_range(told):
    told(SOURCES, **EIGHT)
    complete("2026-04-01")
    point = trend(metric("change_fail_rate"), "month").iloc[0]
    assert (round(point["low"], 3), round(point["high"], 3)) == (0.076, 0.538)


def test_an_empty_month_is_empty_and_not_zero(told):
    told(SOURCES, **EIGHT)
    complete("2026-05-01")
    for name in ("change_fail_rate", "deployment_rework_rate", "failed_deployment_recovery_time"):
        april = trend(metric(name), "month").iloc[1]
        assert april[["value", "n"]].isna().tolist() == [True, False], name
        assert april["n"] == 0
        assert len(behind(metric(name), "2026-04-01", "month")) == 0
    assert trend(metric("deployment_frequency"), "month")["value"].tolist() == [8, 0]  # nothing went out: that is known


def test_what_is_not_restored_yet_counts_with_its_age(told):
    told(
        SOURCES,
        github_deployments=[
            deployment(1, "a", ("FAILURE", 1)),
            deployment(2, "b", ("SUCCESS", 1 + 4 * HOUR)),
            deployment(3, "c", ("FAILURE", 2)),
            deployment(4, "d", ("SUCCESS", 2 + 6 * HOUR)),
            deployment(5, "e", ("SUCCESS", 3)),
        ],
        jira_issues=[incident(1, 3 + HOUR, **of("checkout"))],
    )
    complete("2026-03-09T09:00:00")
    recovery = metric("failed_deployment_recovery_time")
    found = rows(recovery)
    assert found["kind"].tolist() == ["own failure", "own failure", recovery.censored]
    assert found["value"].tolist() == pytest.approx([4, 6, 96])
    assert trend(recovery)["value"].iloc[0] == pytest.approx(6)  # without the open one it would be 5


def test_without_any_answer_there_is_nothing_and_no_error(told):
    ask = told(SOURCES)
    assert [len(ask(f"from {noun}")) for noun in ("deployments", "incidents", "changes")] == [0, 0, 0]
    assert all(len(rows(metric(name))) == 0 for name in ("change_fail_rate", "failed_deployment_recovery_time"))


def test_which_services_the_words_found_can_be_looked_at(told):
    ask = told(
        SERVICES,
        github_pull_requests=[pull(1, merged=1, **files("services/basket/a")), pull(2, merged=1, author=who("ann"))],
        github_deployments=[
            deployment(1, "a", ("SUCCESS", 1), environment="payments-live"),
            deployment(2, "a", ("SUCCESS", 1), environment="production"),
        ],
        jira_issues=[incident(1, 2, **of("payments"))],
    )
    found = {(r.rule, r.matched): (r.items, r.applies) for r in rules.matches(ask).itertuples()}
    assert found["service", "acme/checkout to payments-live"] == (1, "Payments")
    assert found["service", "acme/checkout to production"] == (1, None)
    assert {(r.items, r.applies) for r in rules.matches(ask).itertuples() if r.rule == "service by path"} == {
        (1, "Basket"),
        (1, None),
    }
    assert found["incident", "Payments"] == (1, "service")


def test_a_deployment_keeps_the_day_it_had(told):
    told(SOURCES, **EIGHT)
    complete("2026-04-01")
    first = query("select min(finished_at) as t from deployments")["t"].iloc[0]
    assert first == datetime(2026, 3, 2, 9) + timedelta(hours=1)  # noqa: DTZ001 zone-less UTC
