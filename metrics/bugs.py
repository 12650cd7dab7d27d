"""Bugs: what people stumbled over, and what became of it."""

from metrics.metric import Metric

# One row each time a bug turned: opened, resolved, reopened. History as it happened, not today's fields, and only turns, so
# that nothing is resolved twice in a row. A bug whose history never says it was done was resolved when the issue says so.
TURNS = """
    with steps as (
        select id as issue_id, 0 as step, '' as move, created_at as turned_at, false as done
        from issues
        union all
        select issue_id, 1, id, moved_at, to_kind is not distinct from 'done'
        from issue_moves
        union all
        select id, 1, '', resolved_at, true
        from issues
        where resolved_at is not null
            and id not in (select issue_id from issue_moves where to_kind = 'done')
    ),
    turns as (
        from steps
        qualify done <> lag(done, 1, true) over (partition by issue_id order by step, turned_at, move)
    )
    select
        turned_at,
        done,
        lead(turned_at) over (partition by issue_id order by step, turned_at, move) as until,
        created_at,
        coalesce(components[1], split_part(project, '/', -1)) as area,
        priority,
        resolution,
        concat(key, ' ', title) as what,
        url
    from turns
    join issues on id = issue_id
    where is_bug
"""
NEEDS = ("github", "jira")
RULE = "What counts as a bug, team.toml says under [bugs]."

METRICS = (
    Metric(
        name="bugs_opened",
        title="Bugs opened",
        unit="bugs",
        better="down",
        fold="count",
        about=f"Bugs by the day they were reported, by customers or by the team. Reopening is not counted again. {RULE}",
        caution="It follows use and the will to report: more customers, a release or a new form raise it without worse software.",
        asks=(
            "Which of these did a customer have to tell us about?",
            "What changed shortly before these bugs appeared?",
        ),
        needs=NEEDS,
        signal="root",
        sql="""
            select
                created_at as happened_at,
                1 as value,
                coalesce(components[1], split_part(project, '/', -1)) as area,
                priority as kind,
                concat(key, ' ', title) as what,
                url
            from issues
            where is_bug
        """,
    ),
    Metric(
        name="bugs_resolved",
        title="Bugs resolved",
        unit="bugs",
        better="up",
        fold="count",
        about=f"Times a bug moved to done, for whatever reason, from its history; resolved again after reopening counts again. {RULE}",
        caution="Closing many old bugs at once raises it and fixes nothing: slice by kind to see the reasons they were closed for.",
        asks=(
            "How many of these were mended, and how many given up?",
            "Which fix keeps a whole family of bugs away?",
        ),
        needs=NEEDS,
        signal="root",
        sql=f"""
            select
                turned_at as happened_at,
                1 as value,
                area,
                resolution as kind,
                what,
                url
            from ({TURNS})
            where done
        """,
    ),
    Metric(
        name="open_bugs",
        title="Open bugs",
        unit="bugs",
        better="down",
        fold="balance",
        about=f"Bugs open at the end of the period: opened and reopened less resolved, added up over all history. {RULE}",
        caution="A long list is a choice about what to keep, not only about what to mend. Closing without mending lowers it.",
        asks=(
            "Which of these would we take up today if it were new?",
            "Which of these will we never mend, and can we say so?",
        ),
        needs=NEEDS,
        sql=f"""
            select
                turned_at as happened_at,
                if(done, -1, 1) as value,
                area,
                priority as kind,
                what,
                url
            from ({TURNS})
        """,
    ),
    Metric(
        name="age_of_open_bugs",
        title="Age of open bugs",
        unit="days",
        better="down",
        fold="median",
        about=f"For every bug open at the end of the period, the days since it was reported; half are younger than this. {RULE}",
        caution="A wave of new bugs makes it fall, and so does closing the oldest without mending them.",
        asks=(
            "What are the oldest of these waiting for?",
            "Which customer still meets one of these every day?",
        ),
        needs=NEEDS,
        minimum=8,
        signal="log",
        sql=f"""
            select
                ends - interval 1 microsecond as happened_at,
                epoch(ends - created_at) / 86400 as value,
                area,
                priority as kind,
                what,
                url
            from periods
            join ({TURNS}) on turned_at < ends and coalesce(until >= ends, true)
            where not done
        """,
    ),
)
