"""Work: what it was for, and what of it came round the plan."""

from metrics.metric import Metric

KINDS = """case work
                    when 'goal' then 'goal work'
                    when 'keep' then 'keeping the lights on'
                    when 'bug' then 'bugs'
                    when 'explore' then 'exploration'
                    else 'not sorted yet'
                end"""
RULE = "What belongs where, team.toml says under [work]; what fits no rule is not sorted yet."
FINISHED = "resolved_at is not null and cancelled is not true"

METRICS = (
    Metric(
        name="work_mix",
        title="Work mix",
        unit="issues",
        better="steady",
        fold="count",
        about="Issues finished, by what they were for: goal work, keeping the lights on, bugs, exploration, or not sorted yet."
        f" {RULE}",
        caution="Issues are counted, not hours: a small fix weighs as much as a month of goal work. Sorting afterwards changes the past.",
        asks=(
            "Is this the mix we would have chosen?",
            "Which kind of work takes more than its share, and what feeds it?",
        ),
        needs=("github", "jira"),
        signal="root",
        sql=f"""
            select
                resolved_at as happened_at,
                1 as value,
                coalesce(components[1], split_part(project, '/', -1)) as area,
                {KINDS} as kind,
                concat(key, ' ', title) as what,
                url
            from issues
            where {FINISHED}
        """,
    ),
    Metric(
        name="unsorted_work",
        title="Work not sorted yet",
        unit="of finished issues",
        better="down",
        fold="share",
        about=f"The part of the finished issues that fits no rule of the work mix. {RULE}",
        caution="While it is large, the other kinds of the mix say little.",
        asks=(
            "Which label or parent would sort most of these?",
            "Is one of our kinds of work missing from the rules?",
        ),
        needs=("github", "jira"),
        minimum=8,
        signal="logit",
        sql=f"""
            select
                resolved_at as happened_at,
                if(work is null, 1, 0) as value,
                coalesce(components[1], split_part(project, '/', -1)) as area,
                type as kind,
                concat(key, ' ', title) as what,
                url
            from issues
            where {FINISHED}
        """,
    ),
    Metric(
        name="unplanned_work",
        title="Work added to running sprints",
        unit="of the issues in sprints",
        better="steady",
        fold="share",
        about="Of the issues that were in a sprint that began, the part that came in after it had begun, by the history of the sprint"
        " field. By the day the sprint began, or the day the issue came in.",
        caution="Planning that goes on for an hour after the start counts as added. Room for the unexpected is a plan too.",
        asks=(
            "Where does the work come from that no sprint was planned for?",
            "How much room would we leave for it next time?",
        ),
        needs=("jira",),
        minimum=8,
        signal="logit",
        sql="""
            select
                greatest(entered_at, s.started_at) as happened_at,
                if(late, 1, 0) as value,
                coalesce(components[1], split_part(project, '/', -1)) as area,
                type as kind,
                concat(key, ' ', title) as what,
                url
            from sprint_issues s
            join issues i on i.id = s.issue_id
            where late is not null
                and s.started_at <= (select max(complete_to) from sources where kind = 'jira')
        """,
    ),
    Metric(
        name="work_without_issue",
        title="Work tied to no issue",
        unit="of merged pull requests",
        better="steady",
        fold="share",
        about="Of the merged pull requests, the part tied to no issue: none that it says it closes, and no key of a Jira project in its"
        " title or its branch. Pull requests by bots are left out.",
        caution="A pattern of the process and of nobody in it: small mends often need no issue, and an issue named only in the text is"
        " not seen.",
        asks=(
            "Which work goes round the plan because the plan is in its way?",
            "What kinds of change need no issue here, and have we said so?",
        ),
        minimum=8,
        signal="logit",
        sql="""
            select
                merged_at as happened_at,
                if(tied, 0, 1) as value,
                split_part(repo, '/', -1) as area,
                if(tied, 'an issue', 'no issue') as kind,
                concat('#', number, ' ', title) as what,
                url
            from (select *, id in (select pull_request_id from pull_request_issues) as tied from pull_requests)
            where merged_at is not null
                and bot is not true
        """,
    ),
)
