"""Workflows: what people can do for themselves instead of asking for it."""

from metrics.metric import Metric

METRICS = (
    Metric(
        name="workflow_runs",
        title="Workflow runs",
        unit="runs",
        better="steady",
        fold="count",
        about="Runs of the team's self-service Workflows by the day they were started, however they ended. Which runs belong to a"
        " Workflow, team.toml says under [[workflows]].",
        caution="Reach, not outcome: a run is not an hour saved. Starting again after a failure counts again, and what is easy is"
        " asked for more often.",
        asks=(
            "What would people have done without this Workflow?",
            "Which step do people repeat, or leave in the middle?",
        ),
        signal="root",
        sql="""
            select
                created_at as happened_at,
                1 as value,
                self_service as area,
                outcome as kind,
                title as what,
                url
            from workflow_runs
            where self_service is not null
        """,
    ),
)
