"""When an item is over, and how old it is: what a team that keeps raw answers for some months lets go of, and what stays.

What has not ended stays however old it is, because it counts today: an open bug, an open pull request. The commits of the
default branch stay as well: they name nobody and say nothing but which commit lies before which. So do short lists of what
there is (repositories, environments, milestones, sprints, statuses) and counts of a day (traffic, downloads).
"""

DONE = "{0}body ->> '$.fields.status.statusCategory.key' = 'done'"
OVER = {  # by raw table: when one of its items has ended
    "github_pull_requests": "{0}body ->> '$.state' <> 'OPEN'",
    "github_issues": "{0}body ->> '$.state' <> 'OPEN'",
    "github_deployments": "{0}body ->> '$.state' not in ('PENDING', 'QUEUED', 'IN_PROGRESS', 'WAITING')",
    "github_releases": "true",
    "github_runs": "{0}body ->> '$.status' = 'completed'",
    "github_jobs": "true",
    "jira_issues": DONE,
    "jira_worklogs": "true",
    "usage_rows": "true",
    "usage_set_aside": "true",
}
AGE = {
    "usage_rows": "({0}body ->> '$.happened_at')::timestamptz::timestamp"
}  # a row of a file is read long after it happened
PARTS = {  # what goes with an item, in a table of its own
    "github_pull_requests": ("github_pull_request_parts",),
    "github_issues": ("github_issue_parts",),
    "github_deployments": ("github_deployment_parts",),
    "jira_issues": ("jira_histories",),
}


def over(table: str, row: str = "") -> str:
    """Return the SQL that tells if a row of a raw table ended before $kept_from; `row` is what its columns are called by, "s." for one.

    Of a table without items that end it tells that none has.
    """
    if table not in OVER:
        return "false"
    age = AGE.get(table, "{0}version").format(row)
    return f"({age} < $kept_from and coalesce({OVER[table].format(row)}, false))"
