"""Flow: where work moves and where it waits between the first commit and the customer."""

from metrics.issues import lasting
from metrics.metric import Metric

# The moments of every merged pull request of a person, put in order so that the phases between them are never negative and
# add up: commits written after it was ready begin it there, a review of a draft counts from ready, and who merges without an
# approval approves. Made a draft again, it goes on waiting: no clock starts anew. What never happened stays null.
MOMENTS = """
    select
        coalesce(first_ready_at, ready_at, opened_at) as ready,
        if(first_commit_at > ready, ready, first_commit_at) as begun,
        case when first_review_at <= merged_at then greatest(first_review_at, ready) end as reviewed,
        if(reviewed is null, null, greatest(least(approved_at, merged_at), reviewed)) as approved,
        merged_at as merged,
        if(deployed_at < merged, merged, deployed_at) as deployed,
        coalesce(service, split_part(repo, '/', -1)) as area,
        case
            when revert_of is not null then 'revert'
            when reviewed is null then 'unreviewed'
            else 'reviewed'
        end as kind,
        coalesce(size, additions + deletions) as lines,
        case
            when lines <= 50 then 'up to 50 lines'
            when lines <= 250 then '51 to 250 lines'
            when lines <= 1000 then '251 to 1000 lines'
            when lines > 1000 then 'over 1000 lines'
        end as size_class,
        review_rounds,
        pushed_after_review,
        pickup_working_hours,
        concat('#', number, ' ', title) as what,
        url
    from pull_requests
    where merged_at is not null
        and bot is not true
"""
OPEN = """
    select rowid as place, opened_at as began_at, coalesce(merged_at, closed_at) as ended_at
    from pull_requests
    where bot is not true
"""
LEFT_OUT = "Pull requests by bots are left out."
SIZED = "Generated files, named in team.toml under [knowledge], are left out of the size."

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


def _merged(value: str, kind: str = "kind") -> str:
    """Return the SQL for a value of every merged pull request, by the day of its merge."""
    return f"""
            select
                merged as happened_at,
                {value} as value,
                area,
                {kind} as kind,
                what,
                url
            from ({MOMENTS})
        """


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
        name="pickup_working_time",
        title="Waiting for review in working hours",
        unit="working hours",
        better="down",
        fold="median",
        about="From being ready for review to the first review by another person, nights, weekends and holidays left out as"
        f" team.toml says under [calendar]. {LEFT_OUT}",
        caution="Not to be read on one scale with calendar hours. One calendar for all: a team in several time zones is"
        " told by calendar time.",
        asks=(
            "Which of these waited through a whole working day?",
            "When in the week does review have a fixed place?",
        ),
        minimum=8,
        signal="log",
        sql=_merged("pickup_working_hours"),
    ),
    Metric(
        name="pull_request_size",
        title="Pull request size",
        unit="lines",
        better="steady",
        fold="median",
        about=f"Lines added and deleted in each merged pull request; half are smaller than this. {SIZED} {LEFT_OUT}",
        caution="Lines are not effort: a rename is large and a hard fix small. Splitting what belongs together makes it fall.",
        asks=(
            "Which of the large ones could have reached customers in two steps?",
            "What makes it hard to deliver this in smaller pieces?",
        ),
        minimum=8,
        signal="log",
        sql=_merged("lines"),
    ),
    Metric(
        name="review_depth",
        title="Review rounds",
        unit="rounds",
        better="steady",
        fold="median",
        about="Rounds of review before the merge, by other people: reviews between two pushes are one round, and merged without"
        f" review is none. {LEFT_OUT}",
        caution="How deep a talk went is not in its number of rounds. Remarks inside one review, and talks elsewhere, are not"
        " counted; a rebase between two reviews makes them two rounds.",
        asks=(
            "Which talk in review would have helped before the first line?",
            "What did a second round find that the first did not?",
        ),
        minimum=8,
        signal="log",
        sql=_merged("if(reviewed is null, 0, coalesce(review_rounds, 1))", "size_class"),
    ),
    Metric(
        name="unreviewed_share",
        title="Merged without review",
        unit="share of pull requests",
        better="steady",
        fold="share",
        about=f"The share of merged pull requests that no other person reviewed before the merge; reviews by bots do not count."
        f" {LEFT_OUT}",
        caution="Working in pairs is review that leaves no trace here. One glance counts as much as an hour of reading.",
        asks=(
            "Which of these would a second pair of eyes have changed?",
            "Where do we agree that a change needs no review?",
        ),
        minimum=8,
        signal="logit",
        sql=_merged("(reviewed is null)::integer", "size_class"),
    ),
    Metric(
        name="rework_after_review",
        title="Changed after the first review",
        unit="share of pull requests",
        better="steady",
        fold="share",
        about="The share of reviewed and merged pull requests to which something was pushed after the first review by another"
        f" person. {LEFT_OUT}",
        caution="Review that changes something is doing its work, so nothing to wish down. A rebase or a merge from the main"
        " branch counts too.",
        asks=(
            "What kind of remark comes up again and again?",
            "What could a check have told before the review did?",
        ),
        minimum=8,
        signal="logit",
        sql=_merged("if(reviewed is null, null, pushed_after_review::integer)", "size_class"),
    ),
    Metric(
        name="age_of_open_pull_requests",
        title="Age of open pull requests",
        unit="days",
        better="down",
        fold="median",
        about="For every pull request open at the end of the period, the days since it was opened; half are younger than this."
        f" Its kind is how far it was by then. {LEFT_OUT}",
        caution="Forgotten drafts hold it up, and closing them makes it fall. Many new ones make it fall as well.",
        asks=(
            "Which of the oldest is still wanted, and what does it wait for?",
            "Which of these could we close today without loss?",
        ),
        minimum=8,
        signal="log",
        sql=f"""
            select
                ends - interval 1 microsecond as happened_at,
                date_diff('microsecond', opened_at, ends) / 86400e6 as value,
                coalesce(service, split_part(repo, '/', -1)) as area,
                case
                    when approved_at < ends then 'approved'
                    when first_review_at < ends then 'in review'
                    when coalesce(first_ready_at, ready_at) < ends then 'waiting for review'
                    else 'draft'
                end as kind,
                concat('#', number, ' ', title) as what,
                url
            from ({lasting(OPEN)})
            join pull_requests p on p.rowid = place
        """,
    ),
    Metric(
        name="closed_without_merging",
        title="Closed without merging",
        unit="share of pull requests",
        better="steady",
        fold="share",
        about=f"The share of pull requests that ended without being merged, among all that ended. {LEFT_OUT}",
        caution="Trying something and dropping it is not waste. Tidying up old ones shows as a wave.",
        asks=(
            "What did the dropped ones teach us?",
            "Which of these could we have talked about before they were written?",
        ),
        minimum=8,
        signal="logit",
        sql="""
            select
                coalesce(merged_at, closed_at) as happened_at,
                (merged_at is null)::integer as value,
                coalesce(service, split_part(repo, '/', -1)) as area,
                base as kind,
                concat('#', number, ' ', title) as what,
                url
            from pull_requests
            where coalesce(merged_at, closed_at) is not null
                and bot is not true
        """,
    ),
)
