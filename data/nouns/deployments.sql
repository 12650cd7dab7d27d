-- Deployments --------------------------------------------------------------------------------------------------------------

-- What made a deployment a failure, in order of trust: an incident tied to it, its own end, being rolled back, a revert of what
-- it carried deployed within a day, a hotfix within a day or for what it brought. All that is known is told; one deployment fails once.
set variable soon = interval 24 hour;

create table scratch.repair as
with reverting as (
    -- What went out, and was taken back by a revert that itself went out soon after.
    select o.deployment_id as broken, min({'at': r.deployed_at, 'id': r.deployment_id, 'number': p.number}) as mended
    from pull_requests p
    join changes o on o.pull_request_id = p.revert_of
    join changes r on r.pull_request_id = p.id and r.service is not distinct from o.service
    where p.revert_of is not null
        and r.deployed_at > o.deployed_at and r.deployed_at <= o.deployed_at + getvariable('soon')
    group by all
),
hot as (
    select id from attempt where hotfix
    union
    select c.deployment_id
    from changes c
    join (select id from pull where fits(headRefName, 'rule_hotfix')) p on p.id = c.pull_request_id
    where c.deployment_id is not null
),
naming as (
    -- It carried a pull request that names an incident which was going on.
    select c.deployment_id as id, min(i.key) as key
    from mention m
    join incidents i on i.issue_id = m.issue_id and i.deployment_id is not null
    join changes c on c.pull_request_id = m.pull_request_id
    where c.deployed_at >= i.began_at and c.deployment_id <> i.deployment_id
    group by all
),
put_back as (
    select next_id as id from attempt where rolled_back
)
select
    a.id,
    r.mended,
    case
        when p.id is not null or a.rollback then 'rollback'
        when h.id is not null then 'hotfix'
        when n.id is not null then 'incident'
        when v.id is not null then 'revert'
    end as why,
    n.key,
from attempt a
left join reverting r on r.broken = a.id
left join put_back p on p.id = a.id
left join hot h on h.id = a.id
left join naming n on n.id = a.id
left join (
    -- after a rollback the revert only tidies up
    select distinct mended.id as id from reverting join attempt b on b.id = broken where not b.rolled_back
) v on v.id = a.id;

-- A hotfix that carries the repair of a bug mends what carried that bug's cause, where somebody linked the two. Else it mends
-- the last deployment that was planned, and went to the same place no more than a day before.
create table scratch.hotfixed as
with repairing as (
    select l.pull_request_id, i.key as bug, i.created_at, k.key, k.service, k.deployed_at, k.deployment_id
    from issue_causes k
    join issues i on i.id = k.issue_id and i.is_bug and not i.is_incident
    join (from pull_request_issues where issue_id in (select issue_id from issue_causes)) l using (issue_id)
    where k.deployed_at <= i.created_at
),
traced as (
    select
        max_by(m.deployment_id, m.deployed_at) as id,
        h.id as hotfix,
        {'at': h.finished_at, 'sha': h.sha, 'bug': m.bug, 'cause': m.key} as fix,
    from repairing m
    join (from changes where pull_request_id in (select pull_request_id from repairing)) c
        on c.pull_request_id = m.pull_request_id and c.service is not distinct from m.service
    join attempt h on h.id = c.deployment_id
    join repair r on r.id = h.id and r.why = 'hotfix'
    join pull p on p.id = m.pull_request_id
    where m.deployed_at < h.finished_at
        and (h.hotfix or fits(p.headRefName, 'rule_hotfix')) -- what only went along mends nothing
    group by all
),
planned as (
    select a.id, repo, environment, finished_at
    from attempt a
    join repair r using (id)
    where r.why is null and production and rerun_of is null and outcome in ('success', 'failure', 'error')
    qualify row_number() over (partition by repo, environment, finished_at order by a.id desc) = 1
)
select id, min(fix) as fix
from (
    select id, fix from traced
    union all
    select p.id, {'at': h.finished_at, 'sha': h.sha, 'bug': null, 'cause': null}
    from (
        select a.* from attempt a join repair r using (id)
        where r.why = 'hotfix' and production and outcome = 'success' and rerun_of is null
            and id not in (select hotfix from traced)
    ) h
    asof join planned p on p.repo = h.repo and p.environment = h.environment and p.finished_at < h.finished_at
    where h.finished_at <= p.finished_at + getvariable('soon')
)
group by id;

create table deployments as
with disturbed as (
    select
        deployment_id as id,
        string_agg(key, ', ' order by began_at, key) as keys,
        max({'high': confidence = 'high', 'how': how}) as trusted,
        if(bool_or(ended_at is null), null, max(ended_at)) as ended_at,
    from incidents
    where deployment_id is not null
    group by all
),
repository as (
    select repo, max(url) as repo_url
    from (
        select scope as repo, body ->> '$.url' as url from live.raw.github_repositories where gone_at is null
        union all
        select repo, regexp_extract(min(url), '^(https?://.+)/pull/\d+$', 1) from pull where url like '%/pull/%' group by repo
    )
    group by repo
),
served as (
    select repo, environment, if(count(*) = 1, min(service), null) as service from goes_to group by all
),
judged as (
    select
        a.*,
        d.keys,
        d.trusted,
        d.ended_at,
        r.mended,
        r.why,
        r.key as names,
        h.fix,
        case
            when rerun_of is not null then null
            when d.id is not null then 'incident'
            when outcome in ('failure', 'error') then 'own failure'
            when rolled_back then 'rolled back'
            when not production then null
            when r.mended is not null then 'reverted'
            when h.id is not null then 'hotfix'
        end as cause,
    from attempt a
    left join repair r using (id)
    left join disturbed d using (id)
    left join hotfixed h using (id)
)
select
    id,
    j.repo,
    j.environment,
    production,
    sha,
    ref,
    task,
    created_at,
    finished_at,
    outcome,
    cause is not null as failed,
    if(cause is null, null, nullif(concat_ws(
        ' ',
        if(keys is null, null, 'Incident ' || keys || ': ' || trusted.how),
        if(outcome in ('failure', 'error'), 'It ended as ' || outcome || ' and never succeeded.', null),
        if(rolled_back, 'It was rolled back: ' || left(next_sha, 7) || ' was put back on ' || strftime(next_success_at, '%-d %b %Y, %H:%M') || ' UTC.', null),
        if(production and mended is not null, 'A change in it was taken back by #' || mended.number || ', which went out within a day.', null),
        if(fix is null, null, if(
            fix.bug is null, 'A hotfix followed within a day: ', 'A hotfix for ' || fix.bug || ', linked to ' || fix.cause || ' as what caused it, followed: '
        ) || coalesce(left(fix.sha, 7), 'without a commit') || '.')
    ), '')) as why_failed,
    case cause
        when 'incident' then if(ended_at is null, null, greatest(ended_at, finished_at))
        when 'reverted' then mended.at
        when 'hotfix' then fix.at
        when 'own failure' then next_success_at
        when 'rolled back' then next_success_at
    end as restored_at,
    rerun_of is null and why is not null as rework,
    coalesce(if(starts_with(j.url, repo_url || '/'), j.url, repo_url || '/deployments'), j.url) as url,
    updated_at,
    database_id,
    s.service,
    cause,
    case
        when cause = 'incident' and not trusted.high and outcome not in ('failure', 'error') and not rolled_back then 'low'
        when cause = 'hotfix' and fix.bug is null then 'low'
        when cause is not null then 'high'
    end as confidence,
    if(rerun_of is null, why, null) as why_rework,
    rerun_of,
    evidence,
from judged j
left join repository using (repo)
left join served s on s.repo = j.repo and s.environment = coalesce(j.environment, '')
order by created_at, id;
