"""Delivery: how often and how soon what is built reaches the people who use it."""

from metrics.flow import MOMENTS
from metrics.metric import Metric

METRICS = (
    Metric(
        name="deployment_frequency",
        title="Deployments",
        unit="deployments",
        better="up",
        fold="count",
        about="Successful deployments to production. The same commit put into the same environment again within ten minutes"
        " counts once.",
        caution="One release to three environments counts three. A repository that deploys without telling GitHub is not here.",
        asks=(
            "What kept finished work from going out this week?",
            "Which deployment taught us something about our customers?",
        ),
        signal="root",
        sql="""
            select
                coalesce(finished_at, created_at) as happened_at,
                1 as value,
                split_part(repo, '/', -1) as area,
                environment as kind,
                concat(split_part(repo, '/', -1), ' ', left(sha, 7), ' to ', environment) as what,
                url
            from deployments
            where production
                and outcome = 'success'
            qualify coalesce(
                happened_at - lag(happened_at) over (partition by repo, environment, coalesce(sha, id) order by happened_at, id)
                    > interval 10 minutes,
                true
            )
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
)
