-- Requests: what people ask for by hand, and what they now get by themselves -----------------------------------------------

set variable rule_requests = (select coalesce(string_agg(pattern, '|'), '[^\s\S]') from request_rules);
set variable rule_forms = (select coalesce(string_agg(forms, '|'), '[^\s\S]') from self_service_rules);
set variable rule_features = (select coalesce(string_agg(features, '|'), '[^\s\S]') from self_service_rules);
set variable rule_opens = (select coalesce(string_agg(opens, '|'), '[^\s\S]') from self_service_rules);
set variable rule_support_labels = (select coalesce(string_agg(labels, '|'), '[^\s\S]') from self_service_rules);
set variable rule_support_types = (select coalesce(string_agg(types, '|'), '[^\s\S]') from self_service_rules);

-- Up to when Jira and the usage files are known: what has not happened by then may still.
set variable jira_known = (select max(complete_to) from live.progress where kind = 'jira');
set variable usage_known = (select max(happened_at) from usage);

-- Of an issue's request type and its own type the first goes before; a request for a Workflow and one by hand are told apart
-- by their type alone.
create table scratch.asked as
with texts as (select distinct unnest([request, issuetype.name]) as text from jira_body),
named as (
    select text, arg_min(name, place) as workflow, false as form
    from texts
    join request_rules on regexp_full_match(lower(text), pattern)
    where fits(text, 'rule_requests')
    group by text
    union all
    select text, arg_min(name, place), true
    from texts
    join self_service_rules on regexp_full_match(lower(text), forms)
    where fits(text, 'rule_forms')
    group by text
)
select j.id, j.source, j.node, n.workflow, n.form, n.text as type
from jira_body j
join named n on n.text in (j.request, j.issuetype.name)
qualify row_number() over (partition by j.id order by n.text is distinct from j.request, n.form) = 1;

create table support_tickets as
select
    i.id,
    i.key,
    i.title,
    arg_min(r.name, r.place) as workflow,
    any_value(i.type) as type,
    any_value(i.created_at) as created_at,
    any_value(i.started_at) as started_at,
    any_value(i.url) as url,
    any_value(coalesce(i.components[1], split_part(i.project, '/', -1))) as area,
from issues i
join self_service_rules r
    on regexp_full_match(lower(coalesce(i.type, '')), r.types)
    or len(list_filter(i.labels, lambda l: regexp_full_match(lower(l), r.labels))) > 0
where (fits(i.type, 'rule_support_types') or any_fits(i.labels, 'rule_support_labels'))
    and i.id not in (select id from asked)
group by i.id, i.key, i.title
order by created_at, i.id;


-- Who had a ticket, and what else befell it --------------------------------------------------------------------------------

create table scratch.wanted as
select id from asked
union
select id from issues where fits(type, 'rule_toil_types') or any_fits(labels, 'rule_toil_labels');

set variable any_wanted = (select count(*) > 0 from wanted);

create table scratch.handed as
select
    j.id,
    moment(h.created) as moved_at,
    lower(coalesce(item.fieldId, item.field)) as field,
    lower(item.field) as name,
    nullif(item."from", '') as before,
    nullif(item."to", '') as after,
    nullif(item.toString, '') as told,
    nth,
from (
    select source, node, owner, created, unnest(items) as item, generate_subscripts(items, 1) as nth
    from (
        select source, id as node, parent as owner, unnest(from_json(body, '{"created": "VARCHAR", "items": [{
            "field": "VARCHAR", "fieldId": "VARCHAR", "from": "VARCHAR", "to": "VARCHAR", "toString": "VARCHAR"
        }]}'))
        from live.raw.jira_histories
        where gone_at is null
            and getvariable('any_wanted')
            and regexp_matches(body, '"(assignee|Flagged|project)"')
    )
) h
join jira_body j on j.source = h.source and j.node = h.owner
where lower(coalesce(item.fieldId, item.field)) in ('assignee', 'project') or lower(item.field) = 'flagged';

create table scratch.helper as
select id, unnest([before, after]) as who from handed where field = 'assignee';

-- Attempts: every time somebody ran a Workflow -----------------------------------------------------------------------------

-- What was meant is told by the run's title, where it says more than the workflow's name; else the same person means the same.
create table scratch.tried as
with runs as (
    select *, lower(trim(title)) not in (lower(trim(workflow)), lower(parse_filename(split_part(path, '@', 1)))) as says_more
    from workflow_runs
    where self_service is not null and outcome is distinct from 'skipped'
),
actors as (
    select own(source, id) as id, person(body ->> '$.actor.login') as who
    from live.raw.github_runs
    where own(source, id) in (select id from runs)
)
-- Only the last try of a run is told; the ones before it did not do.
select
    if(nth = tries, id, id || '/attempts/' || nth) as id,
    self_service as workflow,
    'runs' as via,
    repo as place,
    split_part(repo, '/', -1) as area,
    if(says_more, lower(trim(title)), null) as service,
    who,
    if(nth = 1, created_at, started_at) as started_at,
    if(nth = tries, finished_at, least(started_at, finished_at)) as finished_at,
    if(nth = tries, outcome, 'failure') as outcome,
    coalesce(title, workflow, self_service) as title,
    if(nth = tries, url, url || '/attempts/' || nth) as url,
    nth,
from (
    select *, unnest(range(1, tries + 1)) as nth
    from (select *, least(greatest(coalesce(attempt, 1), 1), 100) as tries from runs)
)
left join actors using (id)
union all
select
    if(nth = 1, id, id || '/' || nth), workflow, 'features', coalesce(area, ''), coalesce(area, workflow), null, user_hash,
    happened_at, happened_at, 'success', feature, null, nth,
from (
    select u.*, f.workflow, unnest(range(1, least(coalesce(u.count, 1), 10000) + 1)) as nth -- nobody runs one more often in a row
    from usage u
    join (
        select feature, arg_min(name, place) as workflow
        from (select distinct feature from usage where fits(feature, 'rule_features'))
        join self_service_rules on regexp_full_match(lower(feature), features)
        group by feature
    ) f using (feature)
)
union all
select
    i.id, a.workflow, 'forms', i.project, coalesce(i.components[1], i.project), lower(i.title), null,
    i.created_at, i.resolved_at,
    case
        when i.resolved_at is null then 'open'
        -- somebody had to help: then it was a request like those by hand
        when i.id in (select id from helper where who is not null and not fits(who, 'rule_bots')) then 'helped'
        when i.cancelled then 'cancelled'
        else 'success'
    end,
    concat(i.key, ' ', i.title), i.url, 1,
from asked a
join issues i using (id)
where a.form;

create table workflow_attempts as
with ordered as (
    select *, coalesce(service, who, id) as meant, outcome is not distinct from 'success' as ok from tried
),
grouped as (
    select *, sum(starts::int) over (partition by workflow, place, meant order by started_at, nth, id) as turn
    from (
        select
            *,
            coalesce(
                started_at - lag(started_at) over one > interval 7 day or (service is null and lag(ok) over one), true
            ) as starts,
        from ordered
        window one as (partition by workflow, place, meant order by started_at, nth, id)
    )
)
select
    id,
    first_value(id) over (partition by workflow, place, meant, turn order by started_at, nth, id) as request_id,
    row_number() over (partition by workflow, place, meant, turn order by started_at, nth, id) as nth,
    workflow,
    via,
    started_at,
    finished_at,
    outcome,
    ok,
    title,
    url,
    area,
    who as user_hash,
from grouped
order by started_at, id;

-- A Workflow is there from the day team.toml names, or from its first run on. Its baseline is frozen at an instant.
create table workflows as
with opened as (
    select name, place, r.since is not null as dated, coalesce(r.since, first_at) as since, frozen, frozen_weeks
    from self_service_rules r
    left join (select workflow as name, min(started_at) as first_at from workflow_attempts group by all) using (name)
),
local as (
    select *, date_trunc('day', timezone(getvariable('zone'), timezone('UTC', since))) as day from opened
)
select
    name,
    since,
    dated,
    coalesce(frozen, utc(timezone(getvariable('zone'), day - to_days(7 * frozen_weeks)))) as frozen,
    day::date as opened_on,
from local
order by place;


-- Hours of attention a ticket had ------------------------------------------------------------------------------------------

-- Business time in active statuses, less what was flagged, each minute divided by the number of tickets that were active with
-- the same assignee then. Who that was stays in scratch. A ticket of nobody's is divided by nothing.
-- the tickets that stand for somebody who also had one that is wanted
create table scratch.beside as
select id from wanted
union
select id from helper where who in (select who from helper where id in (from wanted));

create table scratch.turn as
select issue_id as id, began_at as turned_at, step, if(bulk, 'bulk', coalesce(kind, 'unknown')) as kind, null as who, null as flagged
from issue_spells
where issue_id in (from beside)
union all
select id, min(moved_at) - interval 100 year, -1, null, coalesce(arg_min(coalesce(before, ''), moved_at), ''), false
from handed
where field = 'assignee' and id in (from beside)
group by id
union all
select
    id, moved_at, 1000000 + nth, null,
    if(field = 'assignee', coalesce(after, ''), null),
    if(name = 'flagged', told is not null, null),
from handed
where id in (from beside) and (field = 'assignee' or name = 'flagged');

create table scratch.attended as
with filled as (
    select
        id,
        turned_at as starts,
        coalesce(lead(turned_at) over one, getvariable('jira_known')) as ends,
        last_value(kind ignore nulls) over one as kind,
        coalesce(last_value(who ignore nulls) over one, '') as who,
        coalesce(last_value(flagged ignore nulls) over one, false) as flagged,
    from turn
    where turned_at is not null
    window one as (partition by id order by turned_at, step)
)
select id, starts, ends, if(who = '', 'nobody ' || id, who) as who
from filled
where kind = 'active' and not flagged and ends > starts;

-- A baseline is frozen: of a ticket that came before its end, only what happened before it counts.
create table scratch.cut as
select a.id, w.frozen
from asked a
join issues i using (id)
join workflows w on w.name = a.workflow
where not form and i.created_at < w.frozen;

create table scratch.spent as
with mine as (
    select id, who, starts, least(ends, coalesce(frozen, ends)) as ends
    from attended
    left join cut using (id)
    where id in (from wanted) and starts < coalesce(frozen, ends)
),
edges as (
    select who, starts as turned_at, 1 as more from attended
    union all
    select who, ends, -1 from attended
    union all
    select who, ends, 0 from mine
),
steps as (
    select who, turned_at, sum(sum(more)) over (partition by who order by turned_at) as busy
    from edges
    where who in (select who from mine)
    group by who, turned_at
),
timed as (
    select who, turned_at, busy, coalesce(before + least(epoch(turned_at - opens), epoch(closes - opens)), 0) as business
    from steps
    asof left join workdays on turned_at >= opens
),
shared as (
    select who, turned_at, coalesce(sum(share) over (partition by who order by turned_at rows between unbounded preceding and 1 preceding), 0) as seconds
    from (
        select *, coalesce((lead(business) over (partition by who order by turned_at) - business) / nullif(busy, 0), 0) as share
        from timed
    )
)
select m.id, sum(e.seconds - s.seconds) / 3600 as active_hours
from mine m
join shared s on s.who = m.who and s.turned_at = m.starts
join shared e on e.who = m.who and e.turned_at = m.ends
group by m.id;

create table toil_tickets as
select
    i.id,
    i.key,
    i.title,
    i.type,
    i.created_at,
    i.resolved_at,
    active_hours,
    i.url,
    coalesce(i.components[1], split_part(i.project, '/', -1)) as area,
from issues i
left join spent s using (id)
where fits(i.type, 'rule_toil_types') or any_fits(i.labels, 'rule_toil_labels')
order by i.created_at, i.id;


create table scratch.opening as
select u.id, happened_at as turned_at, area, user_hash as who, f.workflow
from usage u
join (
    select feature, arg_min(name, place) as workflow
    from (select distinct feature from usage where fits(feature, 'rule_opens'))
    join self_service_rules on regexp_full_match(lower(feature), opens)
    group by feature
) f using (feature)
where user_hash is not null; -- of nobody in particular nobody knows what became of it

-- Opened, nothing sent within a day, nothing that worked within a week; opened again within a week is the same try.
create table scratch.left_alone as
with unsent as (
    select o.*
    from opening o
    where not exists (
        from workflow_attempts a
        where a.workflow = o.workflow and a.user_hash = o.who
            and (
                a.started_at between o.turned_at and o.turned_at + interval 1 day
                or (ok and a.finished_at between o.turned_at and o.turned_at + interval 7 day)
            )
    )
),
turns as (
    select *, sum(starts::int) over (partition by workflow, who order by turned_at, id) as turn
    from (
        select *, coalesce(turned_at - lag(turned_at) over (partition by workflow, who order by turned_at, id) > interval 7 day, true) as starts
        from unsent
    )
)
select
    'opened ' || arg_min(id, turned_at) as id,
    workflow,
    min(turned_at) as turned_at,
    arg_min(area, turned_at) as area,
    if(max(turned_at) + interval 7 day <= getvariable('usage_known'), true, null) as abandoned, -- too young to tell: neither
from turns
group by workflow, who, turn;


-- Requests -----------------------------------------------------------------------------------------------------------------

-- What a title says of the area that something is for; null where it does not, or nobody said how to read it.
create or replace temp macro read_from(title, how) as nullif(trim(regexp_extract(lower(title), how, 1)), '');

create table requests as
with known as (
    select source, max(complete_to) as up_to from live.progress where stream = 'jira_issues' group by all
),
missed as (
    -- a goal that is still running is missed once its time is over
    select
        id,
        bool_or(
            list_contains(from_json(sla -> '$.completedCycles[*].breached', '["BOOLEAN"]'), true)
            or coalesce(try_cast(sla ->> '$.ongoingCycle.breached' as boolean), false)
            or coalesce(moment(sla ->> '$.ongoingCycle.breachTime.jira') <= up_to, false)
        ) as sla_breached,
    from (select id, source, unnest(slas) as sla from jira_body where len(slas) > 0)
    left join known using (source)
    group by id
),
passed_on as (
    select
        id,
        count(*) filter (field = 'project' or (before is not null and after is not null and before <> after)) as handoffs,
    from handed
    where field in ('assignee', 'project')
    group by id
),
served as (
    select issue_id as id, min(moved_at) as first_done_at from issue_moves where to_kind = 'done' group by all
),
tries as (
    select
        request_id as id,
        workflow,
        min(started_at) as created_at,
        min(finished_at) filter (ok) as served_at,
        arg_max(outcome, {'at': started_at, 'n': nth}) as outcome,
        bool_and(finished_at is not null) as over,
        arg_max(url, {'at': started_at, 'n': nth}) as url,
        count(*) as attempts,
        coalesce(bool_or(ok) filter (nth = 1), false) as first_ok,
        any_value(area) as area,
        any_value(via) as via,
        max(user_hash) as who,
    from workflow_attempts
    group by all
),
opened as (
    select t.id, min(o.turned_at) as opened_at
    from tries t
    join opening o on o.workflow = t.workflow and o.who = t.who and o.turned_at between t.created_at - interval 7 day and t.created_at
    group by all
)
select
    i.id,
    i.key,
    i.project,
    a.type,
    a.workflow,
    i.created_at,
    i.resolved_at,
    i.status,
    i.status_kind,
    'manual' as channel,
    sla_breached,
    i.url,
    coalesce(components[1], i.project) as area,
    i.title,
    null::timestamp as opened_at,
    i.started_at,
    coalesce(first_done_at, i.resolved_at) as served_at,
    null::bigint as attempts,
    null::boolean as ok,
    null::boolean as first_ok,
    null::boolean as abandoned,
    coalesce(handoffs, 0) as handoffs,
    coalesce(i.created_at >= w.since, false) as bypass,
    active_hours,
    coalesce(read_from(i.title, r.area), components[1], i.project) as place,
from asked a
join issues i using (id)
join workflows w on w.name = a.workflow
join self_service_rules r on r.name = a.workflow
left join missed using (id)
left join passed_on using (id)
left join served using (id)
left join spent using (id)
where not a.form
union all
select
    t.id,
    null,
    t.area,
    workflow,
    workflow,
    t.created_at,
    served_at, -- a run that failed served nobody
    outcome,
    if(over, 'done', 'active'),
    'self-service',
    null,
    t.url,
    t.area,
    s.title,
    opened_at,
    t.created_at,
    served_at,
    t.attempts,
    served_at is not null,
    first_ok,
    false,
    null,
    false,
    null,
    coalesce(read_from(if(t.via = 'forms', substr(s.title, strpos(s.title, ' ') + 1), s.title), r.area), t.area),
from tries t
join (select id, title from workflow_attempts) s using (id)
join self_service_rules r on r.name = t.workflow
left join opened using (id)
union all
select
    id, null, coalesce(area, workflow), workflow, workflow, turned_at, null, 'opened', if(abandoned, 'done', 'active'), 'self-service',
    null, null, coalesce(area, workflow), workflow, turned_at, null, null, 0, false, false, abandoned, null, false, null, coalesce(area, workflow),
from left_alone
order by created_at, id;

-- Repositories and the team that owns each: what is about a crowd is told of teams alone.
create table repository_teams as
select repo, arg_min(t.name, t.place) as team
from repositories
join team_rules t on regexp_full_match(lower(repo), t.repositories) or regexp_full_match(lower(split_part(repo, '/', -1)), t.repositories)
group by repo
order by repo;
