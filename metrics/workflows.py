"""Workflows: what people can do for themselves instead of asking for it, and where that still costs nerves.

The hours a Workflow gives back are not here: they depend on a whole period's demand, so no event carries its share of them.
`metrics.outcomes` works them out.
"""

from metrics.metric import Metric

NEEDS = ("github", "jira")
RUNS, TICKETS = ("github_runs",), ("jira_issues",)
RULE = "Which runs belong to a Workflow and which requests it replaces, team.toml says under [[workflows]]."
AREA = (
    "An area is what a title says by [[workflows]] in team.toml, else the repository a run belongs to, the component of a ticket, or"
    " what a usage file says."
)
GROUPED = "Runs for the same thing within seven days are one request."
NOW = "(select complete_to from complete)"  # of what the metric needs: another source may have been read since

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
            union all
            select
                started_at,
                1,
                workflow,
                outcome,
                title,
                url
            from workflow_attempts
            where via <> 'runs'
        """,
    ),
    Metric(
        name="requests",
        title="Requests by hand",
        unit="requests",
        better="down",
        fold="count",
        about=f"Tickets that ask for something a Workflow offers, by the day they were written, also from before it opened. {RULE}",
        caution="Fewer tickets may mean less demand, or asking in a chat that nobody counts.",
        asks=(
            "What did the Workflow not offer those that still asked by hand?",
            "What do people ask for in ways that leave no ticket?",
        ),
        needs=("jira",),
        streams=TICKETS,
        signal="root",
        sql="""
            select
                created_at as happened_at,
                1 as value,
                workflow as area,
                type as kind,
                concat(key, ' ', title) as what,
                url
            from requests
            where channel = 'manual'
        """,
    ),
    Metric(
        name="bypass_share",
        title="Bypass share",
        unit="of requests",
        better="down",
        fold="share",
        about="Requests by hand among all requests that were made by hand or served by a Workflow, since the Workflow opened:"
        f" manual / (manual + served). {RULE}",
        caution="Some requests are rightly made by hand. It falls when people ask for more than they need because asking is easy.",
        asks=(
            "What makes asking by hand easier than the Workflow?",
            "Which of these are worth staying a conversation?",
        ),
        needs=NEEDS,
        streams=(*RUNS, *TICKETS),
        minimum=8,
        signal="logit",
        sql="""
            select
                if(channel = 'manual', created_at, served_at) as happened_at,
                (channel = 'manual')::int as value,
                workflow as area,
                if(channel = 'manual', 'by hand', 'served by the Workflow') as kind,
                concat_ws(' ', key, title) as what,
                url
            from requests
            where bypass or ok
        """,
    ),
    Metric(
        name="first_time_success",
        title="Served at the first try",
        unit="of requests",
        better="up",
        fold="share",
        about="Requests made to a Workflow whose first run ended well, by the day they began. One that is not served yet has no"
        f" value until a week has passed since its last run. {GROUPED} {RULE}",
        caution="A run that ended well may still have made the wrong thing. People who gave up before the first run are not here.",
        asks=(
            "What do the first runs that fail have in common?",
            "What could the form know without being told?",
        ),
        streams=RUNS,
        minimum=8,
        signal="logit",
        sql=f"""
            select
                created_at as happened_at,
                case
                    when first_ok then 1
                    when ok or {NOW} >= last_at + interval 7 day then 0
                end as value,
                r.workflow as area,
                case when first_ok then 'first try' when ok then 'later try' else 'not served' end as kind,
                title as what,
                url
            from requests r
            join (select request_id as id, max(started_at) as last_at from workflow_attempts group by all) using (id)
        """,
    ),
    Metric(
        name="task_success",
        title="Requests served",
        unit="of requests",
        better="up",
        fold="share",
        about="Requests made to a Workflow that it served in the end, at whichever try, by the day they began. One that is not"
        f" served yet has no value until a week has passed since its last run. {GROUPED} {RULE}",
        caution="Served means that a run ended well, not that what it made is used. Trying often enough lifts it.",
        asks=(
            "Where did those go that were not served?",
            "What did people do with what they were given?",
        ),
        streams=RUNS,
        minimum=8,
        signal="logit",
        sql=f"""
            select
                created_at as happened_at,
                case when ok then 1 when {NOW} >= last_at + interval 7 day then 0 end as value,
                r.workflow as area,
                if(ok, 'served', 'not served') as kind,
                title as what,
                url
            from requests r
            join (select request_id as id, max(started_at) as last_at from workflow_attempts group by all) using (id)
        """,
    ),
    Metric(
        name="repeated_runs",
        title="Runs that repeat an earlier one",
        unit="of runs",
        better="down",
        fold="share",
        about=f"Runs of a Workflow that were not the first of their request, by the day they were started. {GROUPED} One repeated"
        f" run in five is 1.25 runs a request. {RULE}",
        caution="Running again after it worked, to change something, counts as well. Titles that name no thing make runs of one"
        " person look like one request until one of them works.",
        asks=(
            "What did the second run know that the first did not?",
            "Which failures would mend themselves if the Workflow tried again?",
        ),
        streams=RUNS,
        minimum=8,
        signal="logit",
        sql="""
            select
                started_at as happened_at,
                (nth > 1)::int as value,
                workflow as area,
                outcome as kind,
                title as what,
                url
            from workflow_attempts
        """,
    ),
    Metric(
        name="abandoned_forms",
        title="Forms opened and left",
        unit="of openings",
        better="down",
        fold="share",
        about="Times a Workflow's form was opened and nothing was sent within a day, and nothing worked within a week, among all"
        " requests that began with opening it. Openings come from usage files, as `opens` under [[workflows]] says; those of the"
        " last week have no value yet.",
        caution="Looking around is no failure. Without a user in the usage file an opening belongs to nobody and is left out.",
        asks=(
            "At which field do people stop?",
            "What did people come for that the form does not offer?",
        ),
        needs=("usage",),
        minimum=8,
        signal="logit",
        sql="""
            select
                opened_at as happened_at,
                if(attempts = 0, abandoned::int, 0) as value,
                workflow as area,
                if(attempts = 0, 'left', 'sent') as kind,
                title as what,
                url
            from requests
            where opened_at is not null
        """,
    ),
    Metric(
        name="time_to_first_success",
        title="Time to first success",
        unit="hours",
        better="down",
        fold="median",
        about="From opening a Workflow's form, or its first run where that is not known, to the first run that ended well, in"
        f" calendar hours by the day it began. What is not served yet counts with its age, as Kaplan and Meier do. {GROUPED} {RULE}",
        caution="Reading the manual and asking around come before it and are not in it. Nobody waits for a run all night.",
        asks=(
            "Which part of this is waiting for a machine?",
            "What did the slowest of these wait for?",
        ),
        streams=RUNS,
        minimum=8,
        signal="log",
        censored="not served yet",
        sql=f"""
            select
                coalesce(opened_at, created_at) as happened_at,
                greatest(epoch(coalesce(served_at, {NOW}) - coalesce(opened_at, created_at)) / 3600, 0) as value,
                workflow as area,
                if(served_at is null, 'not served yet', 'served') as kind,
                title as what,
                url
            from requests
            where channel = 'self-service'
                and attempts > 0
        """,
    ),
    Metric(
        name="workflow_adoption",
        title="Areas a Workflow serves",
        unit="of areas",
        better="up",
        fold="share",
        about="For every Workflow, of the areas that asked in the period for what it offers, by hand or by running it, those it"
        f" served at least once in it. {AREA} By quarter it is adoption as the field counts it, in about 90 days. {RULE}",
        caution="A Workflow that runs in one place for everybody looks like one area, unless titles say whom it was for. Served once is not at home there, and an area"
        " that never asks is not here.",
        asks=(
            "What keeps an area that asks by hand from running it?",
            "Which area has needs that the Workflow was not made for?",
        ),
        needs=NEEDS,
        streams=(*RUNS, *TICKETS),
        minimum=4,
        signal="logit",
        sql="""
            select
                ends - interval 1 microsecond as happened_at,
                bool_or(how = 'served')::int as value,
                workflow as area,
                if(bool_or(how = 'served'), 'served', if(bool_or(how = 'ran'), 'ran it in vain', 'by hand alone')) as kind,
                place as what,
                null as url
            from periods
            join (
                select served_at as asked_at, 'served' as how, workflow, place from requests where ok
                union all
                select created_at, if(channel = 'manual', 'asked', 'ran'), workflow, place from requests where bypass or attempts > 0
            ) on asked_at >= starts and asked_at < ends
            group by ends, workflow, place
        """,
    ),
    Metric(
        name="workflow_retention",
        title="Areas that come again",
        unit="of areas",
        better="up",
        fold="share",
        about="For every Workflow, of the areas it served in the period, those it served again within 180 days after the period's"
        f" end. A period has no value until its 180 days are over. {AREA} {RULE}",
        caution="What an area needs once in a year is not missed when it stays away. A Workflow that runs in one place for everybody"
        " looks like one area, which always comes again, unless titles say whom it was for.",
        asks=(
            "Where do those go now that came once and not again?",
            "Is it the Workflow that changed since, or the need?",
        ),
        streams=RUNS,
        minimum=4,
        signal="logit",
        sql=f"""
            with served as (select workflow, place, served_at from requests where ok),
            used as (
                select distinct ends, ends + interval 180 day as over, workflow, place
                from periods
                join served on served_at >= starts and served_at < ends
            )
            select
                ends - interval 1 microsecond as happened_at,
                if({NOW} >= over, coalesce(s.served_at < over, false)::int, null) as value,
                u.workflow as area,
                if({NOW} < over, 'not known yet', if(s.served_at < over, 'came again', 'stayed away')) as kind,
                u.place as what,
                null as url
            from used u
            asof left join served s on s.workflow = u.workflow and s.place = u.place and u.ends <= s.served_at
        """,
    ),
    Metric(
        name="undeployed_repositories",
        title="New repositories that reach nobody",
        unit="of repositories",
        better="down",
        fold="share",
        about="New repositories that nothing was deployed from to production within 60 days, by the day they were created; one has no"
        " value until its 60 days are over. By kind: those created during a run of a Workflow, and the others. Which deployments"
        " reach production, [deployments] in team.toml says.",
        caution="Libraries, notes and trials are never deployed, and that is right. Where nobody tells GitHub of deployments, a service"
        " in use looks unused; where no production deployment is known at all, there is no value.",
        asks=(
            "What was each of these made for, and is that still wanted?",
            "What does a new service lack on its way to customers?",
        ),
        minimum=4,
        signal="logit",
        sql="""
            with reached as (
                select repo, min(finished_at) as finished_at from deployments where production and outcome = 'success' group by repo
            )
            select
                created_at as happened_at,
                case
                    when created_at + interval 60 day <= s.complete_to
                        and coalesce(deployments_from <= created_at, true)
                        and exists (from reached)
                    then coalesce(finished_at >= created_at + interval 60 day, true)::int
                end as value,
                split_part(r.repo, '/', -1) as area,
                if(
                    exists (from workflow_attempts a where r.created_at >= a.started_at and r.created_at < a.finished_at),
                    'by a Workflow',
                    'otherwise'
                ) as kind,
                r.repo as what,
                url
            from repositories r
            left join reached using (repo)
            left join sources s on s.source = r.source and s.scope = r.repo and s.stream = 'github_deployments'
            where shown and created_at is not null
        """,
    ),
    Metric(
        name="handed_on",
        title="Requests by hand that were handed on",
        unit="of requests",
        better="down",
        fold="share",
        about="Requests by hand that went from one person or project to another at least once on their way, by the day they were"
        f" first done. {RULE}",
        caution="Handing on can be the right help. Work that changes hands without the ticket saying so is not seen.",
        asks=(
            "What had to be explained again when the request changed hands?",
            "Which of these could have come to the right place at first?",
        ),
        needs=("jira",),
        streams=TICKETS,
        minimum=8,
        signal="logit",
        sql="""
            select
                served_at as happened_at,
                (handoffs > 0)::int as value,
                workflow as area,
                type as kind,
                concat(key, ' ', title) as what,
                url
            from requests
            where channel = 'manual'
                and served_at is not null
        """,
    ),
    Metric(
        name="workflow_questions",
        title="Questions about Workflows",
        unit="tickets",
        better="down",
        fold="count",
        about="Tickets that ask about a Workflow, by the day they were written. Which those are, `support` under [[workflows]] in"
        " team.toml says.",
        caution="More use brings more questions: look at it beside the requests served. Questions in a chat are not here.",
        asks=(
            "Which question would a sentence in the form answer?",
            "What do people ask that the Workflow could know?",
        ),
        needs=("jira",),
        streams=TICKETS,
        signal="root",
        sql="""
            select
                created_at as happened_at,
                1 as value,
                workflow as area,
                type as kind,
                concat(key, ' ', title) as what,
                url
            from support_tickets
        """,
    ),
    Metric(
        name="interruptions",
        title="Interruptions",
        unit="tickets",
        better="down",
        fold="count",
        about="Unplanned tickets by the day they came: requests by hand, questions about Workflows, and incidents."
        f" {RULE}",
        caution="What is asked in person or in a chat is not here. Not every ticket interrupts: it may wait for a calmer hour.",
        asks=(
            "Which of these could have waited, and did not?",
            "What keeps coming that could be taken away at its root?",
        ),
        needs=("jira",),
        streams=TICKETS,
        signal="root",
        sql="""
            select
                created_at as happened_at,
                1 as value,
                area,
                kind,
                what,
                url
            from (
                select created_at, area, 'request by hand' as kind, concat(key, ' ', title) as what, url
                from requests
                where channel = 'manual'
                union all
                select created_at, area, 'question', concat(key, ' ', title), url
                from support_tickets
                union all
                select created_at, coalesce(components[1], split_part(project, '/', -1)), 'incident', concat(key, ' ', title), url
                from issues
                where is_incident
                    and id not in (select id from requests)
                    and id not in (select id from support_tickets)
            )
        """,
    ),
    Metric(
        name="begun_at_once",
        title="Begun within the hour",
        unit="of tickets",
        better="down",
        fold="share",
        about="Requests by hand and questions about Workflows on which somebody began to work within an hour after they came, by"
        f" the day they came: work that was dropped for them. {RULE}",
        caution="Fast help is kind and has a price: this is about the price. A status set late hides it.",
        asks=(
            "What was put down to take these up?",
            "Which of these could have had a fixed hour of the day?",
        ),
        needs=("jira",),
        streams=TICKETS,
        minimum=8,
        signal="logit",
        sql=f"""
            select
                created_at as happened_at,
                case
                    when started_at < created_at + interval 1 hour then 1
                    when started_at is not null or {NOW} >= created_at + interval 1 hour then 0
                end as value,
                workflow as area,
                kind,
                concat(key, ' ', title) as what,
                url
            from (
                select created_at, started_at, workflow, 'request by hand' as kind, key, title, url
                from requests
                where channel = 'manual'
                union all
                select created_at, started_at, workflow, 'question', key, title, url
                from support_tickets
            )
        """,
    ),
    Metric(
        name="toil_hours",
        title="Active hours of toil",
        unit="hours",
        better="down",
        fold="sum",
        about="Business hours that tickets of toil were in active statuses, each minute shared among the tickets active with the"
        " same person, by the day they were done. Which tickets are toil, [toil] in team.toml says.",
        caution="Elapsed attention, not hours of work: about a third of it may be work. Only tickets that say so are toil.",
        asks=(
            "Which of these would a machine do as well?",
            "Which kind of toil grows with what we run?",
        ),
        needs=("jira",),
        streams=TICKETS,
        signal="root",
        sql="""
            select
                resolved_at as happened_at,
                active_hours as value,
                area,
                type as kind,
                concat(key, ' ', title) as what,
                url
            from toil_tickets
            where resolved_at is not null
        """,
    ),
    Metric(
        name="off_hours",
        title="Work outside working hours",
        unit="of events",
        better="down",
        fold="share",
        about="Pull requests opened and reviews sent outside the team's working hours and days, among all of them; bots left out."
        " Working hours and holidays, team.toml says under [calendar]. Never shown for fewer than five people.",
        caution="Hours people chose themselves look like hours that were asked of them. Across time zones it says nothing.",
        asks=(
            "Which work could only be done outside working hours?",
            "What would let this work wait until morning?",
        ),
        minimum=20,
        signal="logit",
        private=True,
        sql="""
            select
                done_at as happened_at,
                (day is null)::int as value,
                coalesce(team, 'not set') as area,
                kind,
                what,
                null as url,
                done_by as who
            from (
                select opened_at as done_at, repo, 'pull request' as kind, 'a pull request' as what, author as done_by
                from pull_requests
                where bot is not true
                    and author is not null
                    and opened_at is not null
                union all
                select submitted_at, repo, 'review', 'a review', reviewer
                from reviews
                where bot is not true
                    and reviewer is not null
                    and submitted_at is not null
            )
            left join repository_teams using (repo)
            left join (
                select unnest(generate_series(opens::date, closes::date, interval 1 day))::date as day, opens, closes from workdays
            ) on day = done_at::date and opens <= done_at and done_at < closes
        """,
    ),
    Metric(
        name="fragmentation",
        title="Tickets touched in a day",
        unit="tickets",
        better="down",
        fold="median",
        about="How many different tickets a team moved to another status on a day, per person who moved any; half of the days, counted"
        " once for each of these people, lie below. Tidyings of many at once, machines and customers are left out. Whose a project"
        " is, [[teams]] in team.toml says. Never shown for fewer than five people.",
        caution="Tickets moved together on Friday look like work on all of them. What moves no ticket is not seen, and small tickets"
        " are more of them.",
        asks=(
            "What kept the things that were begun from being finished first?",
            "Which of these came from outside, and could have waited?",
        ),
        needs=("jira",),
        streams=TICKETS,
        minimum=20,
        signal="log",
        private=True,
        sql="""
            select
                happened_at,
                tickets as value,
                coalesce(team, 'not set') as area,
                'a day' as kind,
                'tickets of a day' as what,
                null as url,
                user_hash as who
            from touches
        """,
    ),
)
