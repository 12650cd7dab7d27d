"""Bugs: what people stumbled over, and what became of it."""

from metrics.issues import KNOWN, lasting
from metrics.metric import Metric

# Each time a bug was opened, resolved or reopened, with the bug.
TURNS = """
    select
        turned_at,
        done,
        until,
        created_at,
        coalesce(components[1], split_part(project, '/', -1)) as area,
        priority,
        resolution,
        concat(key, ' ', title) as what,
        url
    from bug_turns
    join issues on id = issue_id
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
        caution="It follows use and the will to report: more customers, a release or a new form raise it while the software stays the same.",
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
            from ({lasting(f"select *, turned_at as began_at, until as ended_at from ({TURNS}) where not done")})
        """,
    ),
    Metric(
        name="bug_time_to_fix",
        title="Time to fix a bug",
        unit="days",
        better="down",
        fold="median",
        about="From the report of a bug to the day it was last resolved, by the day it was reported, so that bugs still open count with"
        f" their age (Kaplan-Meier). Bugs closed without being mended are left out. {RULE}",
        caution="A recent week says nothing until half of its bugs are resolved. Leaving easy bugs unreported makes it rise.",
        asks=(
            "Which of these were quick because someone had seen them before?",
            "What do the slowest of these have in common?",
        ),
        needs=NEEDS,
        minimum=8,
        signal="log",
        censored="open",
        sql=f"""
            select
                created_at as happened_at,
                if(resolved_at is null, epoch(greatest(known_to, created_at) - created_at), lead_seconds) / 86400 as value,
                coalesce(components[1], split_part(project, '/', -1)) as area,
                if(resolved_at is null, 'open', 'finished') as kind,
                concat(key, ' ', title) as what,
                url
            from issues
            left join ({KNOWN}) using (source)
            where is_bug
                and cancelled is not true
        """,
    ),
    Metric(
        name="escaped_bugs",
        title="Bugs found by customers",
        unit="bugs",
        better="down",
        fold="count",
        about="Bugs that were found by customers or in production, by the day they were reported. Which those are, team.toml says under"
        " [bugs.escaped].",
        caution="It follows how many customers there are and how easy reporting is. A bug without the label is not seen here.",
        asks=(
            "Which of these could a test have met first?",
            "What were customers doing when they met these?",
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
                and escaped
        """,
    ),
    Metric(
        name="escape_rate",
        title="Escaped bugs",
        unit="of the bugs reported",
        better="down",
        fold="share",
        about="The part of the bugs, by the day they were reported, that were found by customers or in production and not before. While"
        " no bug fits [bugs.escaped] in team.toml, nothing is known.",
        caution="Writing down every bug the team itself finds makes it fall. Look at quarters: a week has too few.",
        asks=(
            "Which of these did we know of and let go?",
            "Where would one more check have met most of these?",
        ),
        needs=NEEDS,
        minimum=8,
        signal="logit",
        sql="""
            select
                created_at as happened_at,
                if((select bool_or(escaped) from issues where is_bug), escaped::integer, null) as value,
                coalesce(components[1], split_part(project, '/', -1)) as area,
                if(escaped, 'escaped', 'found before') as kind,
                concat(key, ' ', title) as what,
                url
            from issues
            where is_bug
        """,
    ),
    Metric(
        name="bugs_reopened",
        title="Bugs reopened",
        unit="of the bugs resolved",
        better="down",
        fold="share",
        about="The part of the resolved bugs that were reopened within 30 days, by the day they were resolved. What was resolved less"
        f" than 30 days ago has no value yet. {RULE}",
        caution="A bug that comes back as a new issue is not seen. Reopening a bug costs a click, and some teams never do.",
        asks=(
            "What did we take for mended that was not?",
            "What would have shown us before we closed these?",
        ),
        needs=NEEDS,
        minimum=8,
        signal="logit",
        sql=f"""
            with known as (
                select min(newest) as known_to from (select max(complete_to) as newest from sources where kind in ('github', 'jira') group by kind)
            )
            select
                turned_at as happened_at,
                if(turned_at > known_to - interval 30 day, null, coalesce(until <= turned_at + interval 30 day, false)::integer) as value,
                area,
                priority as kind,
                what,
                url
            from ({TURNS})
            cross join known
            where done
        """,
    ),
)
