"""Delivery: how often and how soon what is built reaches the people who use it, and what becomes of it there.

The five metrics are DORA's, under DORA's names (dora.dev/guides/dora-metrics). DORA asks people; these are worked out from what
GitHub and Jira hold, so they belong beside each other here and beside nobody else's.
"""

from metrics.flow import MOMENTS
from metrics.metric import Metric

# One row for each deployment to production that ended, well or not: a re-run of the same is the same deployment.
DEPLOYED = """
    select
        *,
        coalesce(finished_at, created_at) as ended_at,
        coalesce(service, split_part(repo, '/', -1)) as area,
        concat_ws(
            ' ',
            split_part(repo, '/', -1),
            left(sha, 7),
            'to',
            environment,
            if(evidence = 'release', '(told by its release ' || ref || ')', null)
        ) as told
    from deployments
    where production
        and outcome in ('success', 'failure', 'error')
        and rerun_of is null
"""
BOTH = ("github", "jira")
READ = ("github_deployments", "github_issues", "jira_issues")
COUNTED = "What counts as production, team.toml says under [deployments]."

METRICS = (
    Metric(
        name="deployment_frequency",
        title="Deployment frequency",
        unit="deployments",
        better="up",
        fold="count",
        about="Successful deployments to production. The same commit put into the same environment again within ten minutes"
        f" counts once. {COUNTED}",
        caution="One release to three environments counts three. A repository that deploys without telling GitHub is not here,"
        " unless its releases are named as deployments.",
        asks=(
            "What kept finished work from going out this week?",
            "Which deployment taught us something about our customers?",
        ),
        signal="root",
        sql=f"""
            select
                ended_at as happened_at,
                1 as value,
                area,
                environment as kind,
                told as what,
                url
            from ({DEPLOYED})
            where outcome = 'success'
        """,
    ),
    Metric(
        name="change_lead_time",
        title="Change lead time",
        unit="days",
        better="down",
        fold="median",
        about="From a change's first commit to the first successful production deployment that contains it, by the day of that"
        " deployment. Pull requests by bots and reverts are left out.",
        caution="A merged change that is not deployed yet stands at its merge without a value: look at how many have one."
        " Smaller changes make it fall without anything waiting less.",
        asks=(
            "Where did the slowest of these changes wait?",
            "Which change would customers have liked to have sooner?",
        ),
        streams=("github_pull_requests", "github_deployments"),
        minimum=8,
        signal="log",
        sql=f"""
            select
                coalesce(deployed, merged) as happened_at,
                epoch(deployed - begun) / 86400 as value,
                area,
                kind,
                what,
                url
            from ({MOMENTS})
            where kind <> 'revert'
        """,
    ),
    Metric(
        name="change_fail_rate",
        title="Change fail rate",
        unit="share of deployments",
        better="down",
        fold="share",
        about="The share of production deployments that somebody had to step in for: an incident is tied to it, it did not end"
        " well, it was rolled back, a change in it was reverted within a day, or a hotfix followed within a day. Each fails once,"
        " for the most trusted of these reasons. An incident is tied to what carried the cause it is linked to in Jira, else to the"
        " last deployment there before it; incidents tied to none are left out.",
        caution="Few deployments make it jump: read it with its range. What nobody wrote down did not fail here, and a hotfix"
        " or an incident close by may have had another cause; team.toml can say so under [[corrections]].",
        asks=(
            "What would have shown us this before customers met it?",
            "Which of these was easy to put right, and what made it so?",
        ),
        needs=BOTH,
        streams=READ,
        minimum=4,
        signal="logit",
        sql=f"""
            select
                ended_at as happened_at,
                failed::integer as value,
                area,
                coalesce(cause, 'no failure known') as kind,
                concat_ws(': ', told, why_failed) as what,
                url
            from ({DEPLOYED})
        """,
    ),
    Metric(
        name="failed_deployment_recovery_time",
        title="Failed deployment recovery time",
        unit="hours",
        better="down",
        fold="median",
        about="From the end of a production deployment that failed to the end of its incident; without one, to the rollback, the"
        " revert or the next success that put things right, by the day of the failed deployment. What is not put right yet counts"
        " with its age (Kaplan-Meier). Outages that no deployment began are left out.",
        caution="Few and very unequal: read the rows before the median. What an incident is linked to as its cause may have gone out"
        " long before anybody met it, and all of that time counts. The end of an incident is when somebody closed it, and"
        " nobody knows when it was first noticed.",
        asks=(
            "What told us that something was wrong, and could it have told us sooner?",
            "What made the quickest of these quick?",
        ),
        needs=BOTH,
        streams=READ,
        signal="log",
        censored="not restored yet",
        sql=f"""
            select
                ended_at as happened_at,
                epoch(coalesce(restored_at, greatest(complete_to, ended_at)) - ended_at) / 3600 as value,
                area,
                if(restored_at is null, 'not restored yet', cause) as kind,
                concat_ws(': ', told, why_failed) as what,
                url
            from ({DEPLOYED})
            cross join complete
            where failed
        """,
    ),
    Metric(
        name="deployment_rework_rate",
        title="Deployment rework rate",
        unit="share of deployments",
        better="down",
        fold="share",
        about="The share of production deployments that nobody had planned and that put something right: a hotfix, a rollback, a"
        " revert, or one that carries a pull request naming an incident. What is a hotfix or a rollback, team.toml says under"
        " [deployments].",
        caution="Only what is called a repair, or can be seen to be one, counts. Repairs that wait for the next usual deployment"
        " are not here.",
        asks=(
            "What did this unplanned work put off?",
            "Which repair did we need more than once?",
        ),
        needs=BOTH,
        streams=READ,
        minimum=4,
        signal="logit",
        sql=f"""
            select
                ended_at as happened_at,
                rework::integer as value,
                area,
                if(rework, coalesce(why_rework, 'repair'), 'planned') as kind,
                told as what,
                url
            from ({DEPLOYED})
        """,
    ),
)
