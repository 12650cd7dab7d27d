"""What anybody may ask for in SQL: the tables and columns that are copied for the console, and what each of them says.

Nothing is copied that is not named here. What is kept back stands here as well, so that nothing new is forgotten: hashes of
people, whatever stands for a person in their place (branches often begin with a login), the hours people booked, and the times
of day at which somebody committed or reviewed. Without the hashes no SELECT can put one person's work together.

What remains, as it does on the pages: a pull request says when it was opened, and its address leads to GitHub, where its author
stands. Titles, and why something was done, are as people wrote them. A repository of somebody's own bears their name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Open:
    """A table that anybody may ask: what a row is, its columns, those that are copied as something else, and what some mean.

    `back` are the columns of the edition that are kept back; a table with no columns is kept back as a whole.
    """

    name: str
    about: str
    columns: str
    back: str = ""
    instead: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)


DAY = "date_trunc('day', {})"
TABLES = (
    Open(
        "pull_requests",
        "A pull request. Times are UTC.",
        "id repo number title why url state draft opened_at ready_at first_ready_at first_commit_at first_review_at approved_at"
        " merged_at closed_at deployed_at merge_sha additions deletions files size commits commits_after_review"
        " pushed_after_review reviews review_rounds clipped unreviewed pickup_working_hours base bot revert_of service updated_at",
        back="author",
        notes={
            "why": "what its description says about it",
            "ready_at": "when it was ready for review last",
            "first_ready_at": "when it was ready for review first",
            "first_review_at": "bots and the author left out",
            "deployed_at": "when it first reached customers",
            "size": "lines added and deleted, without generated files",
            "pushed_after_review": "whether a commit or a force push came after the first review",
            "clipped": "begun after it was ready: no time of coding",
            "unreviewed": "merged without a review",
            "pickup_working_hours": "from ready to the first review, in working hours",
            "base": "the branch it goes into",
            "bot": "opened by a machine",
            "revert_of": "the id of the pull request that it takes back",
            "service": "where it reaches one service alone",
        },
    ),
    Open(
        "reviews",
        "A review of a pull request.",
        "id pull_request_id state submitted_at bot by_author repo",
        back="reviewer database_id",
        instead={"submitted_at": DAY.format("submitted_at")},
        notes={
            "submitted_at": "the day, UTC; first_review_at of the pull request has the time",
            "by_author": "by whoever opened the pull request",
        },
    ),
    Open(
        "commits",
        "A commit of a pull request.",
        "sha pull_request_id authored_at",
        back="committed_at",
        instead={"authored_at": DAY.format("authored_at")},
        notes={"authored_at": "the day, UTC"},
    ),
    Open(
        "changes",
        "A merged pull request and a service it reaches.",
        "pull_request_id service merged_at deployed_at deployment_id",
        notes={"deployed_at": "empty while it has not gone out there"},
    ),
    Open(
        "deployments",
        "A deployment.",
        "id repo environment production sha ref task created_at finished_at outcome failed why_failed restored_at rework url"
        " updated_at service cause confidence why_rework rerun_of evidence",
        back="database_id",
        instead={"ref": "if(production, ref, null)"},
        notes={
            "production": "whether it reaches customers",
            "ref": "what was deployed to production: a branch or a tag",
            "restored_at": "when a failure was over",
            "rework": "whether it repairs an earlier one",
            "cause": "what says that it failed",
            "rerun_of": "the id of the deployment that it repeats",
            "evidence": "where it is known from",
        },
    ),
    Open("deployment_statuses", "A status of a deployment.", "id deployment_id state created_at"),
    Open(
        "incidents",
        "An incident, and the deployment that may have begun it.",
        "id issue_id key title service area began_at ended_at deployment_id linked_by how confidence url",
        notes={"linked_by": "how the deployment is known", "confidence": "how far to believe it"},
    ),
    Open(
        "issues",
        "An issue of Jira or GitHub.",
        "id source project key title why url type is_bug is_incident priority status status_kind created_at updated_at started_at"
        " resolved_at resolution reopens components parent sprint points labels cancelled untimed first_resolved_at lead_seconds"
        " cycle_seconds lead_business_seconds cycle_business_seconds started_clock active_seconds waiting_seconds escaped work",
        notes={
            "status_kind": "queue, active, wait or done",
            "untimed": "why it has no durations",
            "lead_seconds": "from creation to resolution",
            "cycle_seconds": "from its start to resolution",
            "lead_business_seconds": "lead_seconds in working hours",
            "cycle_business_seconds": "cycle_seconds in working hours",
            "started_clock": "working seconds before its start, on one clock for all",
            "active_seconds": "working seconds in active statuses",
            "waiting_seconds": "working seconds in waiting statuses",
            "escaped": "a bug that customers met",
            "work": "what it is for: goal, keep, bug, explore",
        },
    ),
    Open(
        "issue_moves",
        "A change of an issue's status.",
        "id issue_id moved_at from_status to_status from_kind to_kind step bulk",
        notes={"bulk": "one of twenty or more at once: a tidying, and no work"},
    ),
    Open(
        "issue_spells",
        "A stretch that an issue was in one status.",
        "issue_id step status kind began_at ended_at seconds business_seconds bulk inferred came_from clock",
        notes={
            "business_seconds": "seconds in working hours",
            "inferred": "no move tells of its beginning",
            "clock": "working seconds before its beginning, on one clock for all",
        },
    ),
    Open("issue_status_times", "How long an issue was in a status.", "issue_id status kind business_seconds"),
    Open("issue_work", "A stretch of work on an issue.", "issue_id began_at ended_at first_began_at"),
    Open("bug_turns", "A bug's turn from open to done or back.", "issue_id turned_at done until"),
    Open("pull_request_issues", "An issue that a pull request names.", "pull_request_id key issue_id"),
    Open("sprints", "A sprint.", "id name state goal started_at ends_at completed_at board project"),
    Open(
        "sprint_issues",
        "An issue that was in a sprint.",
        "issue_id sprint_id entered_at started_at late",
        notes={"late": "came after the sprint began"},
    ),
    Open(
        "components",
        "A part of the system.",
        "id repo component told_by url",
        notes={"told_by": "team.toml, CODEOWNERS or its folder"},
    ),
    Open(
        "component_changes",
        "A merged change and a component it touched.",
        "component_id pull_request_id merged_at depth history",
        notes={"depth": "people who knew the component then; 3 for three or more"},
    ),
    Open(
        "knowledge",
        "A component in a month.",
        "component_id repo component month depth landed changes history",
        notes={
            "depth": "people who know it; 3 for three or more",
            "landed": "changes in the month",
            "changes": "changes in twelve months",
            "history": "months that the repository has been read for",
        },
    ),
    Open("review_evenness", "How evenly reviews lay on five people or more, by month.", "month reviews evenness"),
    Open("releases", "A release.", "id repo tag sha name prerelease created_at published_at url"),
    Open(
        "milestones",
        "A milestone.",
        "id repo number title url state created_at due_at closed_at open_issues closed_issues",
    ),
    Open(
        "workflow_runs",
        "A run of an Actions workflow.",
        "id repo workflow path title event attempt created_at started_at finished_at outcome url self_service updated_at branch"
        " sha on_default_branch",
        instead={"branch": "if(on_default_branch, branch, null)"},
        notes={"branch": "the default branch, where it ran there", "self_service": "the Workflow of team.toml that it is"},
    ),
    Open(
        "workflow_jobs",
        "A job of such a run.",
        "id run_id repo attempt job created_at started_at finished_at outcome labels url",
    ),
    Open(
        "workflows", "What people can do for themselves, by team.toml.", "name since dated frozen opened_on",
        notes={"frozen": "when its baseline ends"},
    ),
    Open(
        "workflow_attempts",
        "A try of such a Workflow.",
        "id request_id nth workflow via started_at finished_at outcome ok title url area",
        back="user_hash",
    ),
    Open(
        "requests",
        "A request, by hand or served by a Workflow.",
        "id key project type workflow created_at resolved_at status status_kind channel sla_breached url area title opened_at"
        " started_at served_at attempts ok first_ok abandoned handoffs bypass active_hours",
        notes={"channel": "manual or self-service", "bypass": "asked by hand although a Workflow is there"},
    ),
    Open(
        "support_tickets",
        "A ticket that asks about a Workflow.",
        "id key title workflow type created_at started_at url area",
    ),
    Open("toil_tickets", "A ticket that is toil.", "id key title type created_at resolved_at active_hours url area"),
    Open("usage", "Use of a feature, from the files.", "id happened_at feature count area", back="user_hash"),
    Open(
        "repositories",
        "A repository that is read. Times are UTC.",
        "id source repo url archived gone created_at deployments_from shown",
        notes={"deployments_from": "where deployments before this were never asked for"},
    ),
    Open("repository_teams", "Which team owns a repository.", "repo team"),
    Open("workdays", "A working day.", "day opens closes before", notes={"before": "working seconds before it"}),
    Open("days_off", "A holiday.", "day what"),
    Open("special_days", "Days that are not as usual.", "since until what"),
    Open("rule_matches", "What a rule of team.toml met.", "rule matched items applies"),
    Open(
        "sources",
        "How far a stream was read.",
        "source kind stream scope complete_to tried_at items incomplete gone set_aside expected error",
    ),
    Open(
        "syncs",
        "A sync.",
        "started_at finished_at source requests points new_rows changed_rows seconds outcome",
    ),
    Open("about", "What this edition is.", "key value"),
    Open("touches", "Tickets that a team moved on a day.", "", back="happened_at team tickets user_hash"),
    Open("worklogs", "Hours that people booked.", "", back="id issue_id started_at seconds author"),
    Open("default_branch", "Commits of the default branch.", "", back="repo sha position committed_at on_line"),
)  # fmt: skip
