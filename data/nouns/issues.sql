-- Issues as told -----------------------------------------------------------------------------------------------------------

-- Custom fields have another number on every site; what they are to us was found out when they were listed. Of several that
-- hold story points the one a board estimates in goes first.
create temp table field_role as
select source, id, role, min(place) as place
from (
    select source, id, body ->> '$.role' as role, 1 as place from live.raw.jira_fields where gone_at is null
    union all
    select source, body ->> '$.estimation.fieldId', 'points', 0 from live.raw.jira_boards where gone_at is null
)
where role is not null and regexp_full_match(id, 'customfield_\d+')
group by all;

create temp table jira_roles as
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
    "summary": "VARCHAR", "issuetype": {"name": "VARCHAR"}, "priority": {"name": "VARCHAR"}, "resolution": {"name": "VARCHAR"},
    "project": {"key": "VARCHAR"}, "status": {"id": "VARCHAR", "name": "VARCHAR", "statusCategory": {"key": "VARCHAR"}},
    "created": "VARCHAR", "updated": "VARCHAR", "resolutiondate": "VARCHAR",
    "labels": ["VARCHAR"], "components": [{"name": "VARCHAR"}], "parent": {"key": "VARCHAR"}, '
    || array_to_string(list_transform(getvariable('jira_custom'), lambda c: '"' || c || '": "JSON"'), ', ') || '}}';

-- What the fields with a role hold, null where nothing.
create or replace temp macro held(custom, ids) as
    list_filter(list_transform(ids, lambda f: custom[f]), lambda v: coalesce(v::varchar, 'null') <> 'null');

create temp table jira_body as
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

create temp table issue_body as
select own(source, coalesce(parent, id)) as id, source, parent as part_of, scope as repo, unnest(from_json(body, '{
    "number": "BIGINT", "title": "VARCHAR", "url": "VARCHAR", "state": "VARCHAR", "stateReason": "VARCHAR",
    "createdAt": "TIMESTAMPTZ", "updatedAt": "TIMESTAMPTZ", "closedAt": "TIMESTAMPTZ",
    "issueType": {"name": "VARCHAR"}, "parent": {"number": "BIGINT"}, "labels": {"nodes": [{"name": "VARCHAR"}]},
    "timelineItems": {"nodes": [{"__typename": "VARCHAR", "id": "VARCHAR", "createdAt": "TIMESTAMPTZ"}]}
}'))
from with_parts('live.raw.github_issues', 'live.raw.github_issue_parts');


-- Moves from status to status ----------------------------------------------------------------------------------------------

create temp table move as
select
    own(source, h.id) || if(nth = 1, '', '/' || nth) as id,
    j.id as issue_id,
    source,
    moment(h.created) as moved_at,
    item."from" as from_id,
    item.fromString as from_status,
    item."to" as to_id,
    item.toString as to_status,
from (
    select source, id, parent as node, created, unnest(items) as item, generate_subscripts(items, 1) as nth
    from (
        select * exclude items, list_filter(items, lambda i: lower(coalesce(i.fieldId, i.field)) = 'status') as items
        from (select source, id, parent, unnest(from_json(body, '{"created": "VARCHAR", "items": [{
            "field": "VARCHAR", "fieldId": "VARCHAR",
            "from": "VARCHAR", "fromString": "VARCHAR", "to": "VARCHAR", "toString": "VARCHAR"
        }]}'))
        from live.raw.jira_histories
        where gone_at is null)
    )
) h
join jira_body j using (source, node);

-- What each status ever named means: the team's word for it, else its category by id, else by name. A status that Jira no
-- longer has and team.toml does not name means nothing.
create temp table meaning as
with named as (
    select source, from_id as id, from_status as name from move
    union
    select source, to_id, to_status from move
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
ruled as (
    select name, arg_min(kind, place) as kind
    from (select name from named union select name from known)
    join status_rules on regexp_full_match(lower(name), pattern)
    group by all
)
select
    n.source,
    n.id,
    n.name,
    coalesce(min(told.kind), min(today.kind), min(by_id.kind), min(by_name.kind)) as kind,
from named n
left join ruled told on told.name = n.name
left join known by_id on by_id.source = n.source and by_id.id = n.id
left join ruled today on today.name = by_id.name
left join known by_name on by_name.source = n.source and lower(by_name.name) = lower(n.name)
group by all;

create table issue_moves as
select
    m.id,
    m.issue_id,
    m.moved_at,
    m.from_status,
    m.to_status,
    f.kind as from_kind,
    t.kind as to_kind,
from move m
left join meaning f on f.source = m.source and f.id is not distinct from from_id and f.name is not distinct from from_status
left join meaning t on t.source = m.source and t.id is not distinct from to_id and t.name is not distinct from to_status
union all
select distinct
    coalesce(own(source, item.id), issue_id || ' ' || item.createdAt),
    issue_id,
    utc(item.createdAt),
    if(item.__typename = 'ClosedEvent', 'open', 'closed'),
    if(item.__typename = 'ClosedEvent', 'closed', 'open'),
    if(item.__typename = 'ClosedEvent', 'queue', 'done'),
    if(item.__typename = 'ClosedEvent', 'done', 'queue'),
from (select id as issue_id, source, unnest(timelineItems.nodes) as item from issue_body)
where item.__typename in ('ClosedEvent', 'ReopenedEvent')
order by moved_at, id, issue_id;


-- Sprints ------------------------------------------------------------------------------------------------------------------

create temp table sprint_body as
select own(source, id) as id, source, try_cast(id as bigint) as number, unnest(from_json(body, '{
    "name": "VARCHAR", "state": "VARCHAR", "goal": "VARCHAR", "originBoardId": "BIGINT",
    "startDate": "VARCHAR", "endDate": "VARCHAR", "completeDate": "VARCHAR"
}'))
from live.raw.jira_sprints
where gone_at is null;

create temp table board_body as
select source, unnest(from_json(body, '{"id": "BIGINT", "name": "VARCHAR", "project": "VARCHAR"}'))
from live.raw.jira_boards
where gone_at is null;

-- The sprint an issue is in, else the last one it was in. Data Center tells a sprint as a text: …[id=1,…,name=Sprint 1,…].
create temp table in_sprint as
select id, max_by(name, {'open': coalesce(state <> 'closed', false), 'number': number}) as sprint
from (
    select
        t.id,
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
    left join sprint_body b using (source, number)
)
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

create table issues as
with told as (
    select
        j.id, 'jira' as source, coalesce(project.key, scope) as project, key, summary as title, site || '/browse/' || key as url,
        issuetype.name as type, priority.name as priority, status.name as status, kind as status_kind,
        moment(created) as created_at, moment(updated) as updated_at, moment(resolutiondate) as told_at,
        resolution.name as resolution, list_filter(list_transform(components, lambda c: c.name), lambda c: c is not null) as components,
        coalesce(parent.key, epic) as parent, sprint, points, labels,
    from jira_body j
    left join in_sprint using (id)
    left join (
        select source, rtrim(max(body ->> '$.baseUrl'), '/') as site from live.raw.jira_sites group by all
    ) using (source)
    left join meaning m
        on m.source = j.source and m.id is not distinct from status.id and m.name is not distinct from status.name
    union all
    select
        id, 'github', repo, repo || '#' || number, title, url,
        issueType.name, null, lower(state), if(lower(state) = 'closed', 'done', 'queue'),
        utc(createdAt), utc(updatedAt), utc(closedAt),
        lower(stateReason), [split_part(repo, '/', -1)], repo || '#' || parent.number,
        null, null, list_filter(list_transform(labels.nodes, lambda l: l.name), lambda l: l is not null),
    from issue_body
    where part_of is null
),
moved as (
    select
        issue_id as id,
        min({'at': moved_at, 'number': try_cast(id as bigint), 'kind': from_kind}).kind as first_kind,
        min(moved_at) filter (to_kind = 'active') as first_active_at,
        -- from Resolved to Closed nothing is resolved again
        max(moved_at) filter (to_kind = 'done' and from_kind is distinct from 'done') as last_done_at,
        count(*) filter (from_kind = 'done' and to_kind <> 'done') as reopens,
    from issue_moves
    group by all
)
select
    t.id,
    source,
    project,
    key,
    title,
    url,
    coalesce(t.type, if(source = 'github', if(any_fits(t.labels, 'rule_bug_labels'), 'Bug', 'Issue'), null)) as type,
    fits(t.type, 'rule_bug_types') or any_fits(t.labels, 'rule_bug_labels') as is_bug,
    fits(t.type, 'rule_incident_types') or any_fits(t.labels, 'rule_incident_labels') as is_incident,
    priority,
    status,
    status_kind,
    created_at,
    updated_at,
    if(if(m.id is null, status_kind, first_kind) = 'active', created_at, first_active_at) as started_at,
    -- done without a move on record (imported, or its history still to be read): then by its last change at the latest
    case
        when status_kind = 'done' then coalesce(last_done_at, told_at, updated_at)
        when status_kind is null then told_at
    end as resolved_at,
    resolution,
    coalesce(reopens, 0) as reopens,
    coalesce(t.components, []) as components,
    parent,
    sprint,
    if(isfinite(t.points) and t.points >= 0, t.points, null) as points,
    coalesce(t.labels, []) as labels,
from told t
left join moved m using (id)
order by created_at, t.id;
