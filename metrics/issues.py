"""Issues: how long work takes from the wish to done, and where it waits on the way."""

from metrics.metric import Metric

NEEDS = ("github", "jira")
READ = ("github_issues", "github_pull_requests", "jira_issues")
NAMED = """
                coalesce(components[1], split_part(project, '/', -1)) as area,"""
# Up to when each source has been read, and what the clock of working time said then.
KNOWN = """
    select source, known_to, coalesce(before + epoch(least(known_to, closes) - opens), 0) as known_clock
    from (select kind as source, max(complete_to) as known_to from sources where complete_to is not null group by kind)
    asof left join workdays on opens <= known_to
"""


def lasting(stretches: str) -> str:
    """Return the SQL for stretches (began_at, ended_at, and more): one row for each period at whose end they lasted, with `ends`."""
    return f"""
    with ordered as (
        select
            starts, ends, row_number() over (order by ends) as n, lead(ends) over (order by ends) as following, count(*) over () as newest
        from periods
    ),
    dated as (
        -- the period each day of UTC begins in: it sees the end of one at most
        select unnest(generate_series(first, ends - interval 1 microsecond, interval 1 day))::date as day, n, ends, following, newest
        from (select *, date_trunc('day', starts - interval 1 microsecond) + interval 1 day as first from ordered)
    ),
    spans as (
        -- whatever began before the first period began with it
        select
            *,
            greatest(began_at, timestamp '1990-01-02') as came_at,
            if(ended_at is null, null, greatest(ended_at, timestamp '1990-01-02')) as went_at,
        from ({stretches})
    ),
    begun as (
        -- most end before any period does, and are looked at no further
        select s.*, if(came_at < ends, n, n + 1) as first, newest
        from spans s
        join dated on day = came_at::date
        where coalesce(went_at >= if(came_at < ends, ends, following), true)
    ),
    crossed as (
        select s.* exclude (newest), coalesce(if(went_at < b.ends, b.n - 1, b.n), s.newest) as last
        from begun s
        -- grouped though each day is there once: else the many that began are taken for the smaller side
        left join (select day, any_value(n) as n, any_value(ends) as ends from dated group by day) b on b.day = went_at::date
    )
    select c.* exclude (first, last), ends
    from crossed c
    join (
        -- many last from one period to another: their ends are looked up once
        select first, last, ends
        from (select *, unnest(range(first, last + 1)) as n from (select distinct first, last from crossed where first <= last))
        join ordered using (n)
    ) using (first, last)
"""


CANCELLED = "Issues closed without being done, by [issues] in team.toml, are left out."
BEGUN = (
    "Jira tells by its statuses when work began; GitHub by the pull requests that close an issue: by their first commit, and not"
    " before the issue was written."
)
MEANING = "What a status means, team.toml says under [statuses]."
WORKING = "Working time, by [calendar] in team.toml."

METRICS = (
    Metric(
        name="issue_lead_time",
        title="Issue lead time",
        unit="days",
        better="down",
        fold="median",
        about="From the day an issue was written to the day it was last done, by that day, in calendar days: who asked waits through"
        f" weekends too. {CANCELLED}",
        caution="Only finished issues are here: what has waited longest may be missing. What was moved in bulk, or finished without a"
        " record, has no value.",
        asks=(
            "What did the longest of these wait for?",
            "Which of these would we not write down again?",
        ),
        needs=NEEDS,
        minimum=8,
        signal="log",
        sql=f"""
            select
                resolved_at as happened_at,
                lead_seconds / 86400 as value,{NAMED}
                type as kind,
                concat(key, ' ', title) as what,
                url
            from issues
            where resolved_at is not null
                and cancelled is not true
        """,
    ),
    Metric(
        name="issue_cycle_time",
        title="Issue cycle time",
        unit="working hours",
        better="down",
        fold="median",
        about="From the day work on an issue began to the day it was last done, by the day it began, so that what is still open"
        f" counts with its age (Kaplan-Meier). {BEGUN} {WORKING} {CANCELLED} {MEANING}",
        caution="A recent week says nothing until half of what began in it is done. Time between done and reopened is in it. What was"
        " moved in bulk has no value, nor has what was finished and nothing tells when it was begun: that stands at its end, so look"
        " at how many have one. Work before the first commit leaves no trace on GitHub.",
        asks=(
            "Which of these was taken up before it was ready to be?",
            "What is the oldest of these waiting for?",
        ),
        needs=NEEDS,
        streams=READ,
        minimum=8,
        signal="log",
        censored="open",
        sql=f"""
            select
                coalesce(started_at, resolved_at) as happened_at,
                if(resolved_at is null, greatest(known_clock - started_clock, 0), cycle_business_seconds) / 3600 as value,{NAMED}
                if(resolved_at is null, 'open', 'finished') as kind,
                concat(key, ' ', title) as what,
                url
            from issues
            left join ({KNOWN}) using (source)
            where coalesce(started_at, resolved_at) is not null
                and cancelled is not true
        """,
    ),
    Metric(
        name="time_in_status",
        title="Time in status",
        unit="working hours",
        better="down",
        fold="median",
        about="How long each finished issue stood in each of its statuses, all stays added up, by the day it was done. Look at it by"
        f" kind: queue, active or wait. {WORKING} {CANCELLED} {MEANING}",
        caution="Taken over all kinds it mixes what is worked on with what waits. It is as true as the habit of moving issues.",
        asks=(
            "Which status holds work that nobody is on?",
            "Which wait would we notice if it were gone?",
        ),
        needs=NEEDS,
        minimum=8,
        signal="log",
        sql=f"""
            select
                resolved_at as happened_at,
                business_seconds / 3600 as value,{NAMED}
                t.kind,
                concat(key, ' ', title, ': ', t.status) as what,
                url
            from issue_status_times t
            join issues on id = issue_id
            where cancelled is not true
        """,
    ),
    Metric(
        name="flow_efficiency",
        title="Flow efficiency",
        unit="of the time in work",
        better="steady",
        fold="share",
        about="For each finished issue, the part of its time between begun and done in which it was being worked on and not waiting;"
        f" on average. GitHub's own issues have no status that says so. {WORKING} {CANCELLED} {MEANING}",
        caution="An upper bound: a status that says work is going on holds idle time too. It changes when a status gets another"
        " meaning.",
        asks=(
            "What does work wait for most, once it has begun?",
            "Which of our statuses hides waiting?",
        ),
        needs=("jira",),
        minimum=8,
        signal="logit",
        sql=f"""
            select
                resolved_at as happened_at,
                coalesce(active_seconds, 0) / nullif(coalesce(active_seconds, 0) + coalesce(waiting_seconds, 0), 0) as value,{NAMED}
                type as kind,
                concat(key, ' ', title) as what,
                url
            from issues
            where resolved_at is not null
                and started_by = 'status'
                and cancelled is not true
                and untimed is null
        """,
    ),
    Metric(
        name="work_in_progress",
        title="Work in progress",
        unit="issues",
        better="steady",
        fold="balance",
        about=f"Issues that were begun and not done at the end of the period, worked on or waiting. {BEGUN} {MEANING}",
        caution="Forgotten issues stay in it for ever. Work without an issue is not here, nor is an issue of GitHub before its first"
        " commit; one whose pull requests were all closed without merging is put back.",
        asks=(
            "Which of these would we finish first if we began nothing new?",
            "Which of these is nobody waiting for any more?",
        ),
        needs=NEEDS,
        signal="root",
        sql=f"""
            select
                turned_at as happened_at,
                value,{NAMED}
                type as kind,
                concat(key, ' ', title) as what,
                url
            from (
                select issue_id, began_at as turned_at, 1 as value from issue_work
                union all
                select issue_id, ended_at, -1 from issue_work where ended_at is not null
            )
            join issues on id = issue_id
        """,
    ),
    Metric(
        name="age_of_work_in_progress",
        title="Age of work in progress",
        unit="days",
        better="down",
        fold="median",
        about="For every issue begun and not done at the end of the period, the days since work on it first began; half are younger."
        f" {BEGUN} {MEANING}",
        caution="Beginning much that is new makes it fall. What was put aside and never moved back makes it rise.",
        asks=(
            "What would it take to finish the oldest of these this week?",
            "Which of these belongs back in the queue?",
        ),
        needs=NEEDS,
        minimum=8,
        signal="log",
        sql=f"""
            select
                ends - interval 1 microsecond as happened_at,
                epoch(ends - first_began_at) / 86400 as value,{NAMED}
                type as kind,
                concat(key, ' ', title) as what,
                url
            from ({lasting("from issue_work")})
            join issues on id = issue_id
        """,
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
        needs=NEEDS,
        signal="root",
        sql=f"""
            select
                resolved_at as happened_at,
                1 as value,{NAMED}
                type as kind,
                concat(key, ' ', title) as what,
                url
            from issues
            where resolved_at is not null
                and cancelled is not true
        """,
    ),
    Metric(
        name="issues_cancelled",
        title="Issues closed undone",
        unit="issues",
        better="steady",
        fold="count",
        about="Issues closed without being done, by that day and by the reason: won't do, duplicate, cannot reproduce and what else"
        " team.toml names under [issues].",
        caution="Tidying the backlog once makes a high week. Saying no early is work too.",
        asks=(
            "Which of these could we have said no to sooner?",
            "What did we learn that made these not worth doing?",
        ),
        needs=NEEDS,
        signal="root",
        sql=f"""
            select
                resolved_at as happened_at,
                1 as value,{NAMED}
                coalesce(resolution, status) as kind,
                concat(key, ' ', title) as what,
                url
            from issues
            where resolved_at is not null
                and cancelled
        """,
    ),
)
