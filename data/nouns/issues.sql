-- Issues as told -----------------------------------------------------------------------------------------------------------

-- Custom fields have another number on every site; what they are to us was found out when they were listed. Of several that
-- hold story points the one a board estimates in goes first.
create table scratch.field_role as
select source, id, role, min(place) as place
from (
    select source, id, body ->> '$.role' as role, 1 as place from live.raw.jira_fields where gone_at is null
    union all
    select source, body ->> '$.estimation.fieldId', 'points', 0 from live.raw.jira_boards where gone_at is null
)
where role is not null and regexp_full_match(id, 'customfield_\d+')
group by all;

create table scratch.jira_roles as
select
    source,
    list(id order by place, id) filter (role = 'points') as points_in,
    list(id order by place, id) filter (role = 'sprint') as sprint_in,
    list(id order by place, id) filter (role = 'epic') as epic_in,
    list(id order by place, id) filter (role = 'request') as request_in,
    list(id order by place, id) filter (role = 'sla') as sla_in,
from field_role
group by all;

set variable jira_custom = (
    select list(distinct id order by id) from (select id from field_role union all select 'customfield_0') -- a list is never empty
);
set variable jira_shape = '{"key": "VARCHAR", "fields": {
    "summary": "VARCHAR", "why": "VARCHAR", "issuetype": {"name": "VARCHAR"}, "priority": {"name": "VARCHAR"}, "resolution": {"name": "VARCHAR"},
    "project": {"key": "VARCHAR"}, "status": {"id": "VARCHAR", "name": "VARCHAR", "statusCategory": {"key": "VARCHAR"}},
    "created": "VARCHAR", "updated": "VARCHAR", "resolutiondate": "VARCHAR",
    "labels": ["VARCHAR"], "components": [{"name": "VARCHAR"}], "parent": {"key": "VARCHAR"},
    "issuelinks": [{
        "type": {"inward": "VARCHAR", "outward": "VARCHAR"},
        "inwardIssue": {"id": "VARCHAR", "key": "VARCHAR"}, "outwardIssue": {"id": "VARCHAR", "key": "VARCHAR"}
    }], '
    || array_to_string(list_transform(getvariable('jira_custom'), lambda c: '"' || c || '": "JSON"'), ', ') || '}}';

-- What the fields with a role hold, null where nothing.
create or replace temp macro held(custom, ids) as
    list_filter(list_transform(ids, lambda f: custom[f]), lambda v: coalesce(v::varchar, 'null') <> 'null');

create table scratch.jira_body as
with told as (
    select source, id as node, scope, key, unnest(fields)
    from (
        select source, id, scope, unnest(from_json(body, getvariable('jira_shape')))
        from live.raw.jira_issues
        where gone_at is null
    )
),
named as (
    select
        columns(lambda c: not regexp_full_match(c, 'customfield_\d+')),
        map(getvariable('jira_custom'), [*columns('^customfield_\d+$')]) as custom,
    from told
    -- a project that left team.toml is kept, out of every number
    where project.key is null
        or not exists (from listed_projects)
        or (source, upper(project.key)) in (select (source, project) from listed_projects)
)
select
    own(source, node) as id,
    n.* exclude (custom),
    try_cast(held(custom, points_in)[1] as double) as points,
    held(custom, sprint_in)[1] as sprints,
    held(custom, epic_in)[1] ->> '$' as epic,
    coalesce(held(custom, request_in)[1] ->> '$.requestType.name', held(custom, request_in)[1] ->> '$') as request,
    held(custom, sla_in) as slas,
from named n
left join jira_roles using (source);

create table scratch.issue_body as
select own(source, coalesce(parent, id)) as id, source, parent as part_of, scope as repo, unnest(from_json(body, '{
    "number": "BIGINT", "title": "VARCHAR", "why": "VARCHAR", "url": "VARCHAR", "state": "VARCHAR", "stateReason": "VARCHAR",
    "createdAt": "TIMESTAMPTZ", "updatedAt": "TIMESTAMPTZ", "closedAt": "TIMESTAMPTZ",
    "issueType": {"name": "VARCHAR"}, "parent": {"number": "BIGINT"}, "labels": {"nodes": [{"name": "VARCHAR"}]},
    "timelineItems": {"nodes": [{"__typename": "VARCHAR", "id": "VARCHAR", "createdAt": "TIMESTAMPTZ"}]}
}'))
from with_parts('live.raw.github_issues', 'live.raw.github_issue_parts');


-- Sprints ------------------------------------------------------------------------------------------------------------------

create table scratch.sprint_body as
select own(source, id) as id, source, try_cast(id as bigint) as number, unnest(from_json(body, '{
    "name": "VARCHAR", "state": "VARCHAR", "goal": "VARCHAR", "originBoardId": "BIGINT",
    "startDate": "VARCHAR", "endDate": "VARCHAR", "completeDate": "VARCHAR"
}'))
from live.raw.jira_sprints
where gone_at is null;

create table scratch.board_body as
select source, unnest(from_json(body, '{"id": "BIGINT", "name": "VARCHAR", "project": "VARCHAR"}'))
from live.raw.jira_boards
where gone_at is null;

-- The sprints an issue is or was in. Data Center tells a sprint as a text: …[id=1,…,name=Sprint 1,…].
create table scratch.sprint_told as
select
    t.id,
    source,
    coalesce(b.number, t.number) as number,
    coalesce(b.name, told ->> '$.name', nullif(regexp_extract(text, ',name=(.*?),(?:startDate|goal)=', 1), '')) as name,
    lower(coalesce(b.state, told ->> '$.state', regexp_extract(text, ',state=(\w+)', 1))) as state,
from (
    select
        *,
        told ->> '$' as text,
        try_cast(coalesce(told ->> '$.id', regexp_extract(told ->> '$', '\[id=(\d+)', 1)) as bigint) as number,
    from (select id, source, unnest(from_json(sprints, '["JSON"]')) as told from jira_body where sprints is not null)
) t
left join sprint_body b using (source, number);

-- The sprint an issue is in, else the last one it was in.
create table scratch.in_sprint as
select id, max_by(name, {'open': coalesce(state <> 'closed', false), 'number': number}) as sprint
from sprint_told
where name is not null
group by id;

create table sprints as
select
    s.id,
    s.name,
    lower(s.state) as state,
    nullif(s.goal, '') as goal,
    moment(startDate) as started_at,
    moment(endDate) as ends_at,
    moment(completeDate) as completed_at,
    b.name as board,
    b.project,
from sprint_body s
left join board_body b on b.source = s.source and b.id = s.originBoardId
where b.project is null
    or not exists (from listed_projects)
    or (s.source, upper(b.project)) in (select (source, project) from listed_projects)
order by started_at, s.id;


-- What changed -------------------------------------------------------------------------------------------------------------

create table scratch.change as
select
    own(source, h.id) || if(nth = 1, '', '/' || nth) as id,
    j.id as issue_id,
    source,
    moment(h.created) as changed_at,
    try_cast(h.id as bigint) as number, -- what changed in one second, changed in the order of these
    nth,
    lower(coalesce(item.fieldId, item.field)) = 'status' as of_status,
    item."from" as from_id,
    item.fromString as from_status,
    item."to" as to_id,
    item.toString as to_status,
    person,
    account,
from (
    select
        source, id, parent as node, created, author.accountId as person, author.accountType as account,
        unnest(items) as item, generate_subscripts(items, 1) as nth,
    from (
        select * exclude items, list_filter(
            items, lambda i: lower(coalesce(i.fieldId, i.field)) = 'status' or lower(i.field) = 'sprint'
        ) as items
        from (select source, id, parent, unnest(from_json(body, '{
            "created": "VARCHAR", "author": {"accountId": "VARCHAR", "accountType": "VARCHAR"}, "items": [{
                "field": "VARCHAR", "fieldId": "VARCHAR",
                "from": "VARCHAR", "fromString": "VARCHAR", "to": "VARCHAR", "toString": "VARCHAR"
            }]
        }'))
        from live.raw.jira_histories
        where gone_at is null)
    )
) h
join jira_body j using (source, node);

-- Moves by the same person in the same minute, of twenty issues or more: a tidying or an import, not the work on one of them.
create table scratch.move as
with told as (
    select
        id, issue_id, source, person, account, changed_at as moved_at, number, nth,
        from_id, from_status, to_id, to_status, null as from_kind, null as to_kind,
    from change
    where of_status
    union all
    select distinct
        coalesce(own(source, item.id), issue_id || ' ' || item.createdAt), issue_id, source, repo, null, utc(item.createdAt), null, null,
        null, if(item.__typename = 'ClosedEvent', 'open', 'closed'),
        null, if(item.__typename = 'ClosedEvent', 'closed', 'open'),
        if(item.__typename = 'ClosedEvent', 'queue', 'done'), if(item.__typename = 'ClosedEvent', 'done', 'queue'),
    from (select id as issue_id, source, repo, unnest(timelineItems.nodes) as item from issue_body)
    where item.__typename in ('ClosedEvent', 'ReopenedEvent')
),
busy as (
    select source, coalesce(person, '') as person, date_trunc('minute', moved_at) as minute
    from told
    group by all
    having count(*) >= 20
),
bulk as (
    select b.source, b.person, b.minute
    from told t
    join busy b on b.source = t.source and b.person = coalesce(t.person, '') and b.minute = date_trunc('minute', t.moved_at)
    group by all
    having count(distinct issue_id) >= 20
)
select
    t.*,
    b.minute is not null as bulk,
    row_number() over in_turn as step,
    lead(t.id) over in_turn is null as is_last,
    lag(t.moved_at) over in_turn as came_at,
from told t
left join bulk b on b.source = t.source and b.person = coalesce(t.person, '') and b.minute = date_trunc('minute', t.moved_at)
window in_turn as (partition by issue_id order by moved_at, number, nth, id);

-- How many tickets a team moved on a day per person who moved any, once for each of these people: the number is the team's, and
-- not their own. Somebody is of the team whose tickets they moved most of that day. Machines and customers are of none.
create table touches as
with turned as (
    select
        m.person,
        timezone(getvariable('zone'), timezone('UTC', m.moved_at))::date as day,
        coalesce(project.key, scope) as project,
        min(m.moved_at) as first_at,
        count(distinct m.issue_id) as tickets,
    from move m
    join jira_body j on j.id = m.issue_id
    where not m.bulk and m.person is not null and coalesce(m.account, '') not in ('app', 'customer') and not fits(m.person, 'rule_bots')
    group by all
),
teams as (
    select project, arg_min(name, place) as team
    from (select distinct project from turned)
    join team_rules on regexp_full_match(lower(project), projects)
    group by project
),
each as (
    select
        person,
        day,
        max_by(team, {'tickets': tickets, 'team': team}) as team,
        min(first_at) as first_at,
        sum(tickets) as tickets,
    from (
        select person, day, team, min(first_at) as first_at, sum(tickets) as tickets
        from turned
        left join teams using (project)
        group by all
    )
    group by all
)
select
    first_at as happened_at,
    team,
    avg(tickets) over (partition by team, day) as tickets,
    person(person) as user_hash,
from each
order by happened_at, user_hash;


-- What each status means ---------------------------------------------------------------------------------------------------

-- A mapping may have held until a day; the days part time into eras. A status means what it meant when an issue came into it.
set variable eras = (
    select coalesce(list(distinct ends order by ends), []::timestamp[])
    from (select utc(timezone(getvariable('zone'), until::timestamp)) as ends from status_rules where until is not null)
);
create or replace temp macro era(t) as len(list_filter(getvariable('eras'), lambda ends: ends <= t));

create table scratch.issue_told as
select
    j.id, 'jira' as source, source as site, coalesce(project.key, scope) as project, key, summary as title, why,
    issuetype.name as type, request, priority.name as priority, status.id as status_id, status.name as status,
    moment(created) as created_at, moment(updated) as updated_at, moment(resolutiondate) as told_at,
    resolution.name as resolution, list_filter(list_transform(components, lambda c: c.name), lambda c: c is not null) as components,
    coalesce(parent.key, epic) as parent, points, labels, null as url, null as told_kind,
from jira_body j
union all
select
    id, 'github', source, repo, repo || '#' || number, title, why,
    issueType.name, null, null, null, lower(state),
    utc(createdAt), utc(updatedAt), utc(closedAt),
    lower(stateReason), [split_part(repo, '/', -1)],
    repo || '#' || parent.number, null, list_filter(list_transform(labels.nodes, lambda l: l.name), lambda l: l is not null), url,
    if(lower(state) = 'closed', 'done', 'queue'),
from issue_body
where part_of is null;

-- What each status ever named means: the team's word for it, else its category by id, else by name. A status that Jira no
-- longer has and team.toml does not name means nothing.
create table scratch.meaning as
with named as (
    select source, from_id as id, from_status as name from move where from_kind is null
    union
    select source, to_id, to_status from move where to_kind is null
    union
    select source, status.id, status.name from jira_body
),
known as (
    select
        source,
        id,
        max(name) as name,
        max(map {'new': 'queue', 'indeterminate': 'active', 'done': 'done'}[category]) as kind,
    from (
        select source, id, body ->> '$.name' as name, body ->> '$.statusCategory.key' as category
        from live.raw.jira_statuses
        where gone_at is null
        union all
        select source, status.id, status.name, status.statusCategory.key from jira_body
    )
    group by all
),
eras as (
    select unnest(range(len(getvariable('eras')) + 1)) as era
),
ruled as (
    select name, era, arg_min(kind, place) as kind
    from (select name from named union select name from known)
    join status_rules on regexp_full_match(lower(name), pattern)
    join eras on until is null or era < list_position(getvariable('eras'), utc(timezone(getvariable('zone'), until::timestamp)))
    group by all
)
select
    n.source,
    n.id,
    n.name,
    e.era,
    coalesce(min(told.kind), min(today.kind), min(by_id.kind), min(by_name.kind)) as kind,
from named n
cross join eras e
left join ruled told on told.name = n.name and told.era = e.era
left join known by_id on by_id.source = n.source and by_id.id = n.id
left join ruled today on today.name = by_id.name and today.era = e.era
left join known by_name on by_name.source = n.source and lower(by_name.name) = lower(n.name)
group by all;

create table issue_moves as
select
    m.id,
    m.issue_id,
    m.moved_at,
    m.from_status,
    m.to_status,
    coalesce(m.from_kind, f.kind) as from_kind,
    coalesce(m.to_kind, t.kind) as to_kind,
    m.step,
    m.bulk,
from move m
join (select id, created_at from issue_told) i on i.id = m.issue_id
left join meaning f
    on f.source = m.source and f.id is not distinct from from_id and f.name is not distinct from from_status
    and f.era = era(coalesce(came_at, created_at, moved_at))
left join meaning t
    on t.source = m.source and t.id is not distinct from to_id and t.name is not distinct from to_status
    and t.era = era(moved_at)
order by moved_at, m.id, m.issue_id;


-- Spells: how long an issue stood in each status ---------------------------------------------------------------------------

-- Half-open, from one move to the next; the last one has no end. The first status has no move of its own: it is what the first
-- move left, or the present one. When the present status is none that it is known to have moved to (a workflow was changed
-- under it, or its history is still to be read), it came there by its last change at the latest: that spell is `inferred`.
create table issue_spells as
with stood as (
    select
        i.id as issue_id, 0 as step, coalesce(least(created_at, f.moved_at), created_at, f.moved_at) as began_at, site,
        if(f.id is null, i.status_id, f.from_id) as status_id,
        if(f.id is null, i.status, f.from_status) as status,
        if(f.id is null, told_kind, f.from_kind) as kind,
        false as bulk, false as inferred,
    from issue_told i
    left join (from move where step = 1) f on f.issue_id = i.id
    union all
    select issue_id, step, moved_at, source, to_id, to_status, to_kind, bulk, false from move
    union all
    select
        i.id, step + 1, greatest(l.moved_at, if(told_at > l.moved_at, told_at, updated_at)), site,
        i.status_id, i.status, told_kind, false, true,
    from issue_told i
    join (from move where is_last) l on l.issue_id = i.id
    where if(i.status_id is null or l.to_id is null, i.status <> l.to_status, i.status_id <> l.to_id)
),
meant as (
    select s.* exclude (kind, site, status_id), coalesce(s.kind, m.kind) as kind
    from stood s
    left join meaning m
        on m.source = site and m.id is not distinct from status_id and m.name is not distinct from status and m.era = era(began_at)
),
clocked as (
    select m.*, worked(began_at, before, opens, closes) as clock
    from meant m
    asof left join workdays w on w.opens <= m.began_at
)
select
    issue_id,
    step,
    status,
    kind,
    began_at,
    lead(began_at) over in_stay as ended_at,
    epoch(ended_at - began_at)::bigint as seconds,
    lead(clock) over in_stay - clock as business_seconds,
    bulk or coalesce(lead(bulk) over in_stay, false) as bulk,
    inferred,
    lag(kind) over in_stay as came_from,
    clock,
from clocked
where began_at is not null
window in_stay as (partition by issue_id order by step)
order by issue_id, step;


-- Which issues a pull request names: those it says it closes, and those of the team's Jira whose key stands in its title or its
-- branch.
create table scratch.tie as
with projects as (
    select project from listed_projects
    union
    select upper(project) from issue_told where source = 'jira'
),
named as (
    from closing
    union
    select id, key
    from (
        select id, unnest(regexp_extract_all(upper(concat_ws(' ', title, headRefName)), '\b[A-Z][A-Z0-9_]+-[0-9]+\b')) as key
        from pull
    )
    where split_part(key, '-', 1) in (from projects)
)
select id as pull_request_id, key from named where key is not null;

-- GitHub tells of no status of work. Each time an issue is open there, it is begun with a pull request that closes it: by its
-- first commit, or when it was opened, where that is first or the branch was written anew. That ends with the issue, or when the
-- last of these pull requests was closed without merging. What was written before the issue was is no work on it.
create table scratch.pulled as
select
    s.issue_id,
    min(greatest(least(p.first_commit_at, p.opened_at), s.began_at)) as began_at,
    least(s.ended_at, if(bool_and(p.merged_at is null and p.closed_at is not null), max(p.closed_at), null)) as ended_at,
from tie t
join (select id, key from issue_told where source = 'github') i using (key)
join pull_requests p on p.id = t.pull_request_id
join issue_spells s
    on s.issue_id = i.id and s.kind <> 'done'
    and least(p.first_commit_at, p.opened_at) < coalesce(s.ended_at, 'infinity'::timestamp)
    and coalesce(p.merged_at, p.closed_at, 'infinity'::timestamp) > s.began_at
group by s.issue_id, s.step, s.ended_at;

-- Stretches of work: from when an issue was begun, worked on or waiting, to when it was done or put back.
create table issue_work as
with turns as (
    select issue_id, step, began_at, coalesce(kind in ('active', 'wait'), false) as begun
    from issue_spells
    qualify begun <> lag(begun, 1, false) over (partition by issue_id order by step)
),
stretches as (
    select issue_id, began_at, lead(began_at) over (partition by issue_id order by step) as ended_at, begun from turns
)
select issue_id, began_at, ended_at, min(began_at) over (partition by issue_id) as first_began_at
from (select * exclude begun from stretches where begun union all from pulled)
order by began_at, issue_id;


-- Issues in sprints --------------------------------------------------------------------------------------------------------

-- When an issue came into each of its sprints: by its history, which tells the sprints before and after each change, else it
-- was made in it. What came in after the sprint had begun was not in its plan.
create table sprint_issues as
with turned as (
    select
        issue_id, source, changed_at,
        list_transform(string_split(coalesce(from_id, ''), ','), lambda n: try_cast(trim(n) as bigint)) as before,
        list_transform(string_split(coalesce(to_id, ''), ','), lambda n: try_cast(trim(n) as bigint)) as after,
    from change
    where not of_status
),
entered as (
    select issue_id, source, unnest(list_filter(after, lambda n: not list_contains(before, n))) as number, changed_at
    from turned
),
been as (
    select issue_id, source, unnest(before) as number from turned
    union
    select id, source, number from sprint_told
),
came as (
    select issue_id, source, number, min(changed_at) as entered_at from entered where number is not null group by all
    union all
    select issue_id, source, number, null
    from been
    where number is not null and (issue_id, source, number) not in (select (issue_id, source, number) from entered where number is not null)
)
select
    c.issue_id,
    s.id as sprint_id,
    coalesce(entered_at, created_at) as entered_at,
    moment(startDate) as started_at,
    coalesce(entered_at, created_at) > moment(startDate) as late,
from came c
join sprint_body s on s.source = c.source and s.number = c.number
join (select id, created_at from issue_told) i on i.id = c.issue_id
order by entered_at, issue_id, sprint_id;


-- Worklogs -----------------------------------------------------------------------------------------------------------------

create table worklogs as
with told as (
    select own(source, id) as id, source, unnest(from_json(body, '{
        "issueId": "VARCHAR", "started": "VARCHAR", "timeSpentSeconds": "BIGINT", "author": {"accountId": "VARCHAR"}
    }'))
    from live.raw.jira_worklogs
    where gone_at is null
)
select
    w.id,
    j.id as issue_id,
    moment(started) as started_at,
    timeSpentSeconds as seconds,
    hash as author,
from told w
join jira_body j on j.source = w.source and j.node = w.issueId
left join (select login, person(login) as hash from (select distinct author.accountId as login from told) where login is not null) x
    on x.login = w.author.accountId
order by started_at, w.id;


-- Issues -------------------------------------------------------------------------------------------------------------------

-- What kind of work each word of an issue says it is; the first kind in the order of work_rules counts.
create table scratch.work_word as
select field, word, min(place) as place
from (
    select distinct 'types' as field, type as word from issue_told
    union all
    select distinct 'labels', unnest(labels) from issue_told
    union all
    select distinct 'projects', project from issue_told
    union all
    select distinct 'parents', unnest([key, title]) from issue_told where (site, key) in (select (site, parent) from issue_told)
    union all
    select distinct 'parents', parent from issue_told -- of which nothing else may be known
)
join work_rules using (field)
where regexp_full_match(lower(word), pattern)
group by all;

create table scratch.work_of as
with family as (
    select i.id, i.parent as a, p.title as b, p.parent as c, g.title as d
    from issue_told i
    left join (select site, key, min(title) as title, min(parent) as parent from issue_told group by all) p
        on p.site = i.site and p.key = i.parent
    left join (select site, key, min(title) as title from issue_told group by all) g on g.site = i.site and g.key = p.parent
    where i.parent is not null and exists (from work_word where field = 'parents')
),
said as (
    select id, 'types' as field, type as word from issue_told
    union all
    select id, 'labels', unnest(labels) from issue_told
    union all
    select id, 'projects', project from issue_told
    union all
    select id, 'parents', unnest([a, b, c, d]) from family
)
select id, min(place) as place
from said
join work_word using (field, word)
group by all;

create table issues as
with moved as (
    select
        issue_id as id,
        max_by(kind, step) as status_kind,
        min(began_at) filter (kind = 'active') as started_at,
        min_by(clock, began_at) filter (kind = 'active') as started_clock,
        min_by(bulk_in, began_at) filter (kind = 'active') as started_in_bulk,
        -- from Resolved to Closed nothing is resolved again
        min(began_at) filter (kind = 'done' and came_from is distinct from 'done' and step > 0) as first_resolved_at,
        max(began_at) filter (kind = 'done' and came_from is distinct from 'done' and step > 0) as last_done_at,
        max_by(clock, step) filter (kind = 'done' and came_from is distinct from 'done' and step > 0) as done_clock,
        max_by(bulk_in, step) filter (kind = 'done' and came_from is distinct from 'done' and step > 0) as done_in_bulk,
        bool_or(inferred and kind = 'done' and came_from is distinct from 'done') as done_inferred,
        min(clock) filter (step = 0) as created_clock,
        count(*) filter (came_from = 'done' and kind <> 'done') as reopens,
    from (select s.*, coalesce(m.bulk, false) as bulk_in from issue_spells s left join issue_moves m using (issue_id, step))
    group by all
),
begun as (
    select issue_id as id, pulled_at, worked(pulled_at, before, opens, closes) as pulled_clock
    from (select issue_id, min(began_at) as pulled_at from pulled group by all)
    asof left join workdays on opens <= pulled_at
),
judged as (
    select
        i.*,
        m.* exclude (id, started_at, started_clock),
        coalesce(m.started_at, pulled_at) as started_at,
        coalesce(m.started_clock, pulled_clock) as started_clock,
        case when m.started_at is not null then 'status' when pulled_at is not null then 'pull request' end as started_by,
        -- done without a move on record (imported, or its history still to be read): then by its last change at the latest
        case
            when status_kind = 'done' then coalesce(last_done_at, told_at, updated_at)
            when status_kind is null then told_at
        end as resolved_at,
        resolved_at is not null and (fits(resolution, 'rule_cancelled') or fits(status, 'rule_cancelled')) as cancelled,
        fits(i.type, 'rule_bug_types') or any_fits(labels, 'rule_bug_labels') as is_bug,
    from issue_told i
    left join moved m using (id)
    left join begun using (id)
),
worked_on as (
    -- between the start and the end; what was moved in bulk has no time of its own
    select
        id,
        sum(business_seconds) filter (kind = 'active')::bigint as active_seconds,
        sum(business_seconds) filter (kind = 'wait')::bigint as waiting_seconds,
    from judged j
    join issue_spells s on s.issue_id = j.id
    where resolved_at is not null and began_at >= started_at and ended_at <= resolved_at and not s.bulk
    group by all
)
select
    j.id,
    j.source,
    project,
    key,
    title,
    why, -- what its description says about it, if it does
    coalesce(url, address || '/browse/' || key) as url,
    coalesce(j.type, if(j.source = 'github', if(any_fits(labels, 'rule_bug_labels'), 'Bug', 'Issue'), null)) as type,
    is_bug,
    fits(j.type, 'rule_incident_types') or any_fits(labels, 'rule_incident_labels') as is_incident,
    priority,
    status,
    status_kind,
    created_at,
    updated_at,
    started_at,
    resolved_at,
    resolution,
    coalesce(reopens, 0) as reopens,
    coalesce(components, []) as components,
    parent,
    sprint,
    if(isfinite(points) and points >= 0, points, null) as points,
    coalesce(labels, []) as labels,
    cancelled,
    -- why its durations would say nothing, if they would
    case
        when cancelled then 'cancelled'
        when resolved_at is not null and (done_in_bulk or started_in_bulk) then 'moved in bulk'
        when resolved_at is not null and coalesce(last_done_at, told_at) is null or done_inferred then 'not on record'
    end as untimed,
    first_resolved_at,
    -- created to last done, and first active to last done: as the clock on the wall says, and in the team's working time
    if(untimed is null, epoch(resolved_at - created_at), null)::bigint as lead_seconds,
    if(untimed is null, epoch(resolved_at - started_at), null)::bigint as cycle_seconds,
    if(untimed is null and resolved_at = last_done_at, done_clock - created_clock, null) as lead_business_seconds,
    if(untimed is null and resolved_at = last_done_at, done_clock - started_clock, null) as cycle_business_seconds,
    started_clock,
    started_by,
    active_seconds,
    waiting_seconds,
    is_bug and (
        fits(j.type, 'rule_escaped_types') or fits(request, 'rule_escaped_requests') or any_fits(labels, 'rule_escaped_labels')
    ) as escaped,
    case least(w.place, if(is_bug, 0, null)) when 0 then 'bug' when 1 then 'explore' when 2 then 'goal' when 3 then 'keep' end as work,
from judged j
left join in_sprint using (id)
left join work_of w using (id)
left join worked_on using (id)
left join (
    select source as site, rtrim(max(body ->> '$.baseUrl'), '/') as address from live.raw.jira_sites group by all
) using (site)
order by created_at, j.id;


-- How long each finished issue stood in each of its statuses, all stays added up; what was moved in bulk says nothing.
create table issue_status_times as
select
    s.issue_id,
    s.status,
    s.kind,
    sum(s.business_seconds)::bigint as business_seconds,
from issue_spells s
join issues i on i.id = s.issue_id
where s.kind in ('queue', 'active', 'wait')
    and not s.bulk
    and s.ended_at <= i.resolved_at
group by s.issue_id, s.status, s.kind
order by min(s.rowid);


-- One row each time a bug turned: opened, resolved, reopened, with when it turned again. History as it happened, not today's
-- fields, and only turns, so that nothing is resolved twice in a row. A bug whose history never says it was done was resolved
-- when the issue says so.
create table bug_turns as
with steps as (
    select rowid as bug, 0 as part, 0 as step, 0 as move, created_at as turned_at, false as done
    from issues
    where is_bug
    union all
    select i.rowid, 1, coalesce(m.step, 0), m.rowid, moved_at, to_kind is not distinct from 'done'
    from issue_moves m
    join issues i on i.id = m.issue_id
    where is_bug
    union all
    -- as it stands now: what no move on record explains happened at its last change at the latest
    select rowid, 2, 0, 0, coalesce(resolved_at, updated_at), resolved_at is not null
    from issues
    where is_bug and coalesce(resolved_at, updated_at) is not null
),
turns as (
    from steps
    qualify done <> lag(done, 1, true) over (partition by bug order by part, turned_at, step, move)
),
lasted as (
    select *, lead(turned_at) over (partition by bug order by part, turned_at, step, move) as until from turns
)
select id as issue_id, turned_at, done, until
from lasted
join issues i on i.rowid = bug
order by bug, part, turned_at, step, move;


-- What a pull request was for ----------------------------------------------------------------------------------------------

-- An issue that was not collected has a key and no id.
create table pull_request_issues as
select t.pull_request_id, t.key, min(i.id) as issue_id
from tie t
left join issues i on i.key = t.key
group by all
order by all;
