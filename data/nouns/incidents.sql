-- Incidents, and the deployments that began them ---------------------------------------------------------------------------

-- No source tells which deployment began an incident. What is known, in order of trust: a person said so; somebody linked what
-- caused it, and a pull request of that went out; a pull request that names the incident takes back the change, or says where;
-- the component, a label or the repository says where; the time says the rest. A deployment is only tied to an incident it came
-- before, and by no more hours than team.toml gives where nothing points at the change itself.

create table scratch.incident as
select
    id, key, source, project, title, url, components,
    created_at as began_at,
    resolved_at as ended_at,
    lower(resolution) as resolution,
    regexp_replace(lower(coalesce(resolution, '')), '[^a-z]', '', 'g')
        in ('duplicate', 'notplanned', 'wontdo', 'declined', 'cannotreproduce', 'incomplete', 'obsolete', 'invalid', 'notabug')
        as dropped,
    components || labels || if(source = 'github', [project], []) as words,
from issues
where is_incident and created_at is not null;

-- Pull requests that name an incident and were merged after it began: by its key in the title or the branch, or by closing it.
set variable incident_keys = (
    select coalesce('\b(?:' || string_agg(distinct regexp_escape(upper(project)), '|') || ')-\d+\b', '[^\s\S]')
    from incident
    where source = 'jira'
);

create table scratch.mention as
with named as (
    select id, repo, merged_at, unnest(regexp_extract_all(upper(concat_ws(' ', title, headRefName)), getvariable('incident_keys'))) as key
    from pull
    where merged_at >= (select min(began_at) from incident)
    union all
    select id, repo, merged_at, upper(c.key)
    from closing c
    join pull using (id)
    where merged_at >= (select min(began_at) from incident where source = 'github')
)
select distinct i.id as issue_id, n.id as pull_request_id
from named n
join incident i on upper(i.key) = n.key and n.merged_at >= i.began_at;

create or replace temp macro plain(name) as regexp_replace(lower(name), '[^\pL\pN]', '', 'g');

-- What may have begun an incident, under every name of where it went: a service goes before its repository, '' is anywhere.
-- Putting back what was there before begins nothing.
create table scratch.suspect as
with tried as (
    select id, repo, environment, finished_at
    from attempt
    where production and rerun_of is null and finished_at is not null and outcome in ('success', 'failure', 'error')
        and not rollback and id not in (select next_id from attempt where rolled_back)
),
under as (
    select plain(service) as name, 1 as place, finished_at, id
    from tried t
    join goes_to g on g.repo = t.repo and g.environment = coalesce(t.environment, '')
    union all
    select unnest([plain(repo), plain(split_part(repo, '/', -1))]), 2, finished_at, id from tried
    union all
    select lower(repo), 3, finished_at, id from tried
    union all
    select '', 4, finished_at, id from tried
)
select name, place, finished_at, min(id) as id
from under
group by all;

create table scratch.placed_incident as
with said as (
    select id, plain(word) as name, false as linked
    from (select id, unnest(words || list_transform(words, lambda w: regexp_extract(w, '[^:/]+$'))) as word from incident)
    union
    select m.issue_id, plain(coalesce(c.service, p.repo)), true
    from mention m
    join pull p on p.id = m.pull_request_id
    left join changes c on c.pull_request_id = m.pull_request_id
),
named as (
    select s.*, place
    from said s
    join (select distinct name, place from suspect where place < 3) using (name)
    qualify rank() over (partition by id order by linked desc, place) = 1
),
nameless as (
    -- Nothing says where: then what the team went out with that the project or component belongs to, else anything.
    select distinct i.id, coalesce(o.repository, '') as name, if(o.repository is null, 4, 3) as place
    from incident i
    left join owned o on list_contains(list_transform(i.components || [i.project], lambda w: lower(w)), o.place)
    anti join named n on n.id = i.id
)
from (select id, name, linked, place from named union all select id, name, false, place from nameless);

create table incidents as
with latest as (
    select
        p.id,
        arg_max({'id': s.id, 'at': s.finished_at, 'name': p.name}, s.finished_at) as it,
        min(p.place) as place,
        bool_or(linked) as linked,
        min(p.name) as name,
    from (select p.*, began_at from placed_incident p join incident using (id)) p
    asof left join suspect s on s.name = p.name and s.place = p.place and s.finished_at <= p.began_at
    group by p.id
),
linked_cause as (
    -- Of all that went out of the cause before it: where it is, if that is known, and the last of it.
    select
        i.id,
        max({
            'here': p.name is not null, 'at': c.deployed_at, 'id': c.deployment_id, 'key': c.key, 'number': r.number
        }) as it,
    from issue_causes c
    join incident i on i.id = c.issue_id
    join pull_requests r on r.id = c.pull_request_id
    left join placed_incident p
        on p.id = i.id and p.name in (plain(c.service), plain(r.repo), plain(split_part(r.repo, '/', -1)))
    where c.deployed_at <= i.began_at
    group by i.id
),
taken_back as (
    -- A revert that names the incident takes back what began it.
    select m.issue_id as id, arg_min({'id': c.deployment_id, 'number': p.number}, c.deployed_at) as it
    from mention m
    join pull_requests p on p.id = m.pull_request_id
    join changes c on c.pull_request_id = p.revert_of
    join incident i on i.id = m.issue_id
    where c.deployed_at <= i.began_at
    group by all
),
corrected as (
    select
        i.id,
        c.deployment as told,
        coalesce(a.rerun_of, a.id) as deployment_id,
    from corrections c
    join incident i on c.incident in (lower(i.key), lower(i.id))
    left join attempt a
        on c.deployment in (lower(a.id), a.database_id::text)
        or (length(c.deployment) >= 7 and starts_with(lower(a.sha), c.deployment))
    qualify row_number() over (
        partition by i.id order by a.production desc nulls last, a.outcome = 'success' desc, a.finished_at, a.id
    ) = 1
),
judged as (
    select
        i.*,
        l.name,
        place,
        c.told,
        epoch(began_at - l.it.at) / 3600 as hours,
        case
            when c.id is not null then if(c.deployment_id is null, null, 'person')
            when dropped then null
            when k.id is not null then 'cause'
            when b.id is not null then 'link'
            when hours is null or hours > getvariable('incidents_within') then null
            when linked then 'link'
            when place < 3 then 'service'
            else 'time'
        end as linked_by,
        case linked_by
            when 'person' then c.deployment_id
            when 'cause' then k.it.id
            when 'link' then coalesce(b.it.id, l.it.id)
            else l.it.id
        end as found,
        k.it as cause,
        b.it.number as taken_back_by,
    from incident i
    left join latest l using (id)
    left join linked_cause k using (id)
    left join taken_back b using (id)
    left join corrected c using (id)
)
select
    j.id,
    j.id as issue_id,
    j.key,
    j.title,
    h.service,
    coalesce(h.service, split_part(coalesce(a.repo, h.repo), '/', -1), components[1], split_part(j.project, '/', -1)) as area,
    j.began_at,
    j.ended_at,
    if(linked_by is null, null, found) as deployment_id,
    linked_by,
    case
        when linked_by = 'person' then 'team.toml names the deployment.'
        when told = 'none' then 'team.toml says that no deployment began it.'
        when told is not null then 'team.toml names a deployment that is not known: ' || told || '.'
        when dropped then 'It was closed as ' || resolution || '.'
        when linked_by = 'cause' then 'It is linked to ' || cause.key || ' as what caused it, whose pull request #' || cause.number || ' went out '
            || round(epoch(began_at - cause.at) / 3600, 1) || ' hours before.'
        when linked_by = 'link' and taken_back_by is not null then 'Pull request #' || taken_back_by || ' names it and takes back what went out then.'
        when linked_by = 'link' then 'A pull request that names it says where; it went out ' || round(hours, 1) || ' hours before.'
        when linked_by = 'service' then 'The last deployment there before it, ' || round(hours, 1) || ' hours earlier.'
        when linked_by = 'time' then 'The last deployment before it, ' || round(hours, 1) || ' hours earlier; nothing says where it is.'
        else 'No deployment ' || if(j.place < 3, 'there ', '') || 'in the ' || round(getvariable('incidents_within'), 1) || ' hours before it.'
    end as how,
    if(linked_by = 'time', 'low', if(linked_by is null, null, 'high')) as confidence,
    j.url,
from judged j
left join attempt a on a.id = if(linked_by is null, null, j.found)
left join (
    -- A name of an incident that is a service, or belongs to one repository alone.
    select name, place, min(service) as service, min(repo) as repo
    from (
        select plain(service) as name, 1 as place, service, repo from goes_to
        union all
        select unnest([plain(repo), plain(split_part(repo, '/', -1))]), 2, null, repo from attempt where production
    )
    group by all
) h on h.name = j.name and h.place = j.place
order by began_at, j.id;
