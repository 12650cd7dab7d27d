"""What anybody may ask for in SQL: the tables and columns that are copied for the console. What they mean, words.toml says.

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
    """A table that anybody may ask: its columns, and those that are copied as something else, with what they mean then.

    `back` are the columns of the edition that are kept back; a table with no columns is kept back as a whole.
    """

    name: str
    columns: str
    back: str = ""
    instead: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)


DAY = "date_trunc('day', {})"
TABLES = (
    Open(
        "pull_requests",
        "id repo number title why url state draft opened_at ready_at first_ready_at first_commit_at first_review_at"
        " approved_at merged_at closed_at deployed_at merge_sha additions deletions files size commits"
        " commits_after_review pushed_after_review reviews review_rounds clipped unreviewed pickup_working_hours base"
        " bot revert_of service updated_at",
        back="author",
    ),
    Open(
        "reviews",
        "id pull_request_id state submitted_at bot by_author repo",
        back="reviewer database_id",
        instead={"submitted_at": DAY.format("submitted_at")},
        notes={"submitted_at": "the day, UTC; first_review_at of the pull request has the time"},
    ),
    Open(
        "commits",
        "sha pull_request_id authored_at",
        back="committed_at",
        instead={"authored_at": DAY.format("authored_at")},
        notes={"authored_at": "the day, UTC"},
    ),
    Open("changes", "pull_request_id service merged_at deployed_at deployment_id"),
    Open(
        "deployments",
        "id repo environment production sha ref task created_at finished_at outcome failed why_failed restored_at"
        " rework url updated_at service cause confidence why_rework rerun_of evidence",
        back="database_id",
        instead={"ref": "if(production, ref, null)"},
        notes={"ref": "what was deployed to production: a branch or a tag"},
    ),
    Open("deployment_statuses", "id deployment_id state created_at"),
    Open(
        "incidents", "id issue_id key title service area began_at ended_at deployment_id linked_by how confidence url"
    ),
    Open(
        "issues",
        "id source project key title why url type is_bug is_incident priority status status_kind created_at"
        " updated_at started_at resolved_at resolution reopens components parent sprint points labels cancelled"
        " untimed first_resolved_at lead_seconds cycle_seconds lead_business_seconds cycle_business_seconds"
        " started_clock started_by active_seconds waiting_seconds escaped work",
    ),
    Open("issue_moves", "id issue_id moved_at from_status to_status from_kind to_kind step bulk"),
    Open(
        "issue_spells",
        "issue_id step status kind began_at ended_at seconds business_seconds bulk inferred came_from clock",
    ),
    Open("issue_status_times", "issue_id status kind business_seconds"),
    Open("issue_work", "issue_id began_at ended_at first_began_at"),
    Open("bug_turns", "issue_id turned_at done until"),
    Open("pull_request_issues", "pull_request_id key issue_id"),
    Open("issue_causes", "issue_id key cause_id pull_request_id service deployed_at deployment_id"),
    Open("sprints", "id name state goal started_at ends_at completed_at board project"),
    Open("sprint_issues", "issue_id sprint_id entered_at started_at late"),
    Open("components", "id repo component told_by url"),
    Open("component_changes", "component_id pull_request_id merged_at depth history"),
    Open("knowledge", "component_id repo component month depth landed changes history"),
    Open("review_evenness", "month reviews evenness"),
    Open("releases", "id repo tag sha name prerelease created_at published_at url"),
    Open("milestones", "id repo number title url state created_at due_at closed_at open_issues closed_issues"),
    Open(
        "workflow_runs",
        "id repo workflow path title event attempt created_at started_at finished_at outcome url self_service"
        " updated_at branch sha on_default_branch",
        instead={"branch": "if(on_default_branch, branch, null)"},
        notes={"branch": "the default branch, where it ran there"},
    ),
    Open("workflow_jobs", "id run_id repo attempt job created_at started_at finished_at outcome labels url"),
    Open("workflows", "name since dated frozen opened_on"),
    Open(
        "workflow_attempts",
        "id request_id nth workflow via started_at finished_at outcome ok title url area",
        back="user_hash",
    ),
    Open(
        "requests",
        "id key project type workflow created_at resolved_at status status_kind channel sla_breached url area title"
        " opened_at started_at served_at attempts ok first_ok abandoned handoffs bypass active_hours place",
    ),
    Open("support_tickets", "id key title workflow type created_at started_at url area"),
    Open("toil_tickets", "id key title type created_at resolved_at active_hours url area"),
    Open("usage", "id happened_at feature count area", back="user_hash"),
    Open("repositories", "id source repo url archived gone created_at deployments_from shown"),
    Open("repository_teams", "repo team"),
    Open("workdays", "day opens closes before"),
    Open("days_off", "day what"),
    Open("special_days", "since until what"),
    Open("rule_matches", "rule matched items applies"),
    Open("sources", "source kind stream scope complete_to tried_at items incomplete gone set_aside expected error"),
    Open("syncs", "started_at finished_at source requests points new_rows changed_rows seconds outcome"),
    Open("about", "key value"),
    Open("touches", "", back="happened_at team tickets user_hash"),
    Open("worklogs", "", back="id issue_id started_at seconds author"),
    Open("default_branch", "", back="repo sha position committed_at on_line"),
)
