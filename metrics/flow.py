"""Flow: where work moves and where it waits between the first commit and the customer."""

from metrics.metric import Metric

# The moments of every merged pull request of a person, put in order so that the phases between them are never negative and
# add up: commits written after opening begin it there, a review of a draft counts from ready, and who merges without an
# approval approves. What never happened stays null.
MOMENTS = """
    select
        coalesce(ready_at, opened_at) as ready,
        if(first_commit_at > ready, ready, first_commit_at) as begun,
        case when first_review_at <= merged_at then greatest(first_review_at, ready) end as reviewed,
        if(reviewed is null, null, greatest(least(approved_at, merged_at), reviewed)) as approved,
        merged_at as merged,
        if(deployed_at < merged, merged, deployed_at) as deployed,
        split_part(repo, '/', -1) as area,
        case
            when revert_of is not null then 'revert'
            when reviewed is null then 'unreviewed'
            else 'reviewed'
        end as kind,
        concat('#', number, ' ', title) as what,
        url
    from pull_requests
    where merged_at is not null
        and bot is not true
"""
LEFT_OUT = "Pull requests by bots are left out."
CANCELLED = "('wontdo', 'wontfix', 'notplanned', 'duplicate', 'declined', 'cannotreproduce', 'incomplete', 'obsolete')"

# name, title, from one moment to the next, about, caution, asks
PHASES = (
    (
        "coding_time",
        "Coding",
        ("begun", "ready"),
        "From the first commit to being ready for review.",
        "Rewritten branches lose their first commits, and work before the first commit leaves no trace.",
        ("What would have made these changes smaller?", "What had to be found out before the first commit?"),
    ),
    (
        "pickup_time",
        "Waiting for review",
        ("ready", "reviewed"),
        "From being ready for review to the first review by another person.",
        "Calendar time: nights and weekends count. What nobody reviewed has no value here.",
        ("Which of these waited longest, and what was it waiting for?", "What do reviews compete with this week?"),
    ),
    (
        "review_time",
        "Review",
        ("reviewed", "approved"),
        "From the first review to the last approval before merging, or to the merge if there was no approval.",
        "A long talk about a hard question looks like a slow one. An early approval hides the talk after it.",
        ("Which review changed what customers got?", "Which question came up in more than one review?"),
    ),
    (
        "merge_time",
        "Waiting to merge",
        ("approved", "merged"),
        "From the last approval to the merge; nothing if it was merged without approval after a review.",
        "Merging on a set day or behind a queue is a choice, and shows here as waiting.",
        ("What held approved work back?", "Which check do we wait for and rarely learn from?"),
    ),
    (
        "deploy_time",
        "Waiting to deploy",
        ("merged", "deployed"),
        "From the merge to the first successful production deployment that contains it, by the day of that deployment.",
        "A merged change that is not deployed yet stands at its merge without a value: look at how many have one.",
        ("What does merged work wait for before customers have it?", "What would it take to ship each merge?"),
    ),
)


def _between(first: str, last: str, unit: str) -> str:
    """Return the SQL for the time between two moments, in a unit; placed at the last one, or at the merge."""
    return f"""
            select
                {"coalesce(deployed, merged)" if last == "deployed" else "merged"} as happened_at,
                epoch({last} - {first}) / {unit} as value,
                area,
                kind,
                what,
                url
            from ({MOMENTS})
        """


METRICS = (
    Metric(
        name="pull_request_cycle_time",
        title="Pull request cycle time",
        unit="days",
        better="down",
        fold="median",
        about="From a pull request's first commit to its merge: the first four of its five phases. The fifth, waiting to deploy,"
        f" makes it the change lead time. {LEFT_OUT}",
        caution="Small pull requests make it fall without anything waiting less. The medians of the phases do not add up to it.",
        asks=(
            "What waited longest, and what was it waiting for?",
            "Which of these would we cut into smaller pieces next time?",
        ),
        minimum=8,
        signal="log",
        sql=_between("begun", "merged", "86400"),
    ),
    *(
        Metric(
            name=name,
            title=title,
            unit="hours",
            better="down",
            fold="median",
            about=f"{about} {LEFT_OUT}",
            caution=caution,
            asks=asks,
            minimum=8,
            signal="log",
            sql=_between(*moments, "3600"),
        )
        for name, title, moments, about, caution, asks in PHASES
    ),
    Metric(
        name="throughput",
        title="Issues finished",
        unit="issues",
        better="steady",
        fold="count",
        about="Issues that reached done, by the day they last did, whatever their size. Issues and not pull requests, because"
        " plans and forecasts are made of issues. Cancelled ones and duplicates are left out.",
        caution="An epic and a typo each count one. Cutting work smaller makes it rise; reopening moves an issue to a later week.",
        asks=(
            "Which finished issue did a customer notice?",
            "What took up the time that no issue shows?",
        ),
        needs=("github", "jira"),
        signal="root",
        sql=f"""
            select
                resolved_at as happened_at,
                1 as value,
                coalesce(components[1], split_part(project, '/', -1)) as area,
                type as kind,
                concat(key, ' ', title) as what,
                url
            from issues
            where resolved_at is not null
                and coalesce(regexp_replace(lower(resolution), '[^a-z]', '', 'g'), '') not in {CANCELLED}
        """,
    ),
)
