"""Checks: how long a change waits for machines, and how often what they say is true."""

from metrics.metric import Metric

# Runs that are checks: a self-service Workflow is not one. Cancelled, skipped and neutral runs say nothing about the code.
CHECKS = """
    select
        *,
        split_part(repo, '/', -1) as area,
        concat_ws(' on ', workflow, if(on_default_branch, branch, null)) as told,
        outcome in ('failure', 'timed_out', 'startup_failure') as broke
    from workflow_runs
    where self_service is null
"""
ENDED = "outcome in ('success', 'failure', 'timed_out', 'startup_failure')"
ON_PULL_REQUESTS = "event in ('pull_request', 'pull_request_target')"

METRICS = (
    Metric(
        name="ci_wait",
        title="Waiting for checks",
        unit="minutes",
        better="down",
        fold="median",
        about="For each run of a check on a pull request: waiting for a machine and running, from its creation to its end, by the"
        " day it was created. Of a check that was run again only the last run is known, without its wait for a machine.",
        caution="A run is not a pull request: checks that run side by side wait together, and a quick one beside a slow one makes"
        " the median fall. Cancelled runs are left out; unfinished ones have no value.",
        asks=(
            "Which check do we wait for and rarely learn from?",
            "What do people do while these run?",
        ),
        minimum=8,
        signal="log",
        sql=f"""
            select
                created_at as happened_at,
                epoch(finished_at - if(attempt > 1, started_at, created_at)) / 60 as value,
                area,
                workflow as kind,
                told as what,
                url
            from ({CHECKS})
            where {ON_PULL_REQUESTS}
                and ({ENDED} or finished_at is null)
        """,
    ),
    Metric(
        name="ci_queue",
        title="Checks waiting for a machine",
        unit="minutes",
        better="down",
        fold="median",
        about="For each check on a pull request: from the creation of the run to its start, by the day it was created. A check that"
        " was run again has no value: when it was asked for again is not told.",
        caution="GitHub calls a run started when its first job is; later jobs may wait again.",
        asks=(
            "At which hours do our checks queue, and for what?",
            "Which checks could start later without anybody noticing?",
        ),
        minimum=8,
        signal="log",
        sql=f"""
            select
                created_at as happened_at,
                if(attempt > 1, null, epoch(started_at - created_at) / 60) as value,
                area,
                workflow as kind,
                told as what,
                url
            from ({CHECKS})
            where {ON_PULL_REQUESTS}
        """,
    ),
    Metric(
        name="ci_failure_share",
        title="Checks failing on the default branch",
        unit="share of runs",
        better="down",
        fold="share",
        about="The share of finished runs on the default branch whose last attempt failed or timed out, by the day they were"
        " created. Cancelled and skipped runs are no failures and left out, and so are self-service Workflows.",
        caution="A run that was repeated until it passed did not fail here: look at the repeated runs beside it. Nightly runs weigh"
        " as much as those after a merge.",
        asks=(
            "What broke after it had passed on the pull request?",
            "Which failure said something true about the code?",
        ),
        minimum=8,
        signal="logit",
        sql=f"""
            select
                created_at as happened_at,
                broke::integer as value,
                area,
                workflow as kind,
                told as what,
                url
            from ({CHECKS})
            where on_default_branch
                and {ENDED}
        """,
    ),
    Metric(
        name="ci_rerun_share",
        title="Checks run again",
        unit="share of runs",
        better="down",
        fold="share",
        about="The share of finished runs that were started more than once, wherever they ran, by the day they were created."
        " Self-service Workflows are left out.",
        caution="Running again is the usual answer to a check that fails by chance, and also to a mended outage elsewhere. A new"
        " push makes a new run, not a repeated one.",
        asks=(
            "Which check do we run again without reading it?",
            "What would make its first answer enough?",
        ),
        minimum=8,
        signal="logit",
        sql=f"""
            select
                created_at as happened_at,
                (attempt > 1)::integer as value,
                area,
                workflow as kind,
                told as what,
                url
            from ({CHECKS})
            where {ENDED}
        """,
    ),
)
