-- Deployments --------------------------------------------------------------------------------------------------------------

create temp table deployment_body as
select own(source, coalesce(parent, id)) as id, source, parent, scope as repo, unnest(from_json(body, '{
    "databaseId": "BIGINT", "environment": "VARCHAR", "task": "VARCHAR", "state": "VARCHAR", "commitOid": "VARCHAR",
    "ref": {"name": "VARCHAR"}, "createdAt": "TIMESTAMPTZ", "updatedAt": "TIMESTAMPTZ",
    "statuses": {"nodes": [{"id": "VARCHAR", "state": "VARCHAR", "createdAt": "TIMESTAMPTZ", "logUrl": "VARCHAR"}]}
}'))
from with_parts('live.raw.github_deployments', 'live.raw.github_deployment_parts');

create temp table step as
select deployment_id, source, item.id as id, lower(item.state) as state, utc(item.createdAt) as created_at, item.logUrl as log_url
from (select id as deployment_id, source, unnest(statuses.nodes) as item from deployment_body)
where state is not null;

create table deployment_statuses as
select distinct
    coalesce(own(source, id), deployment_id || ' ' || state || ' ' || created_at) as id,
    deployment_id,
    state,
    created_at,
from step
order by created_at, id, deployment_id;

-- A commit's place is the moment its pull request was merged into its branch. That holds for squash, rebase and merge alike
-- and needs no history of commits. Merges of the same second share a place.
create temp table merge as
select repo, mergeCommit.oid as sha, baseRefName as base, max(merged_at) as merged_at
from pull
where merged_at is not null and sha is not null
group by all;

create temp table attempt as
with outcome as (
    select
        deployment_id as id,
        bool_or(state = 'success') as succeeded,
        min(created_at) filter (state = 'success') as succeeded_at,
        min({'at': created_at, 'state': state}) filter (state in ('failure', 'error')) as broke,
        bool_and(state = 'inactive') as only_inactive,
        max({'at': created_at, 'url': log_url}) filter (log_url is not null) as log,
    from step
    group by all
),
place as (
    select repo, sha as commitOid, max({'merged_at': merged_at, 'base': base}) as place from merge group by all
)
select
    d.*,
    -- one success is a success for ever: inactive is how a deployment normally ends when the next one arrives
    case
        when coalesce(succeeded, d.state in ('ACTIVE', 'SUCCESS')) then 'success'
        when broke is not null then broke.state
        when only_inactive then 'unknown'
        else 'pending'
    end as outcome,
    case outcome when 'success' then coalesce(succeeded_at, utc(d.updatedAt)) else broke.at end as finished_at,
    fits(d.environment, 'rule_production') as production,
    fits(d.task, 'rule_hotfix') or fits(d.ref.name, 'rule_hotfix') as hotfix,
    fits(d.task, 'rule_rollback') or fits(d.ref.name, 'rule_rollback') as rollback,
    place,
    log.url as log_url,
from deployment_body d
left join outcome o using (id)
left join place using (repo, commitOid)
where d.parent is null;

create table deployments as
with success as (
    select *, min(finished_at) over (partition by repo, environment, commitOid) as first_live_at
    from attempt
    where outcome = 'success'
    qualify row_number() over (partition by repo, environment, finished_at order by id desc) = 1
),
judged as (
    select
        a.*,
        n.finished_at as next_success_at,
        n.commitOid as next_sha,
        -- put back: said so, merged earlier into the same branch, or live before this one already
        coalesce(
            a.production and a.outcome = 'success' and n.commitOid <> a.commitOid and n.createdAt > a.createdAt and (
                n.rollback
                or coalesce(n.place.base = a.place.base and n.place.merged_at < a.place.merged_at, false)
                or n.first_live_at < a.finished_at
            ),
            false
        ) as rolled_back,
    from attempt a
    asof left join success n on n.repo = a.repo and n.environment = a.environment and a.finished_at < n.finished_at
),
repository as (
    select repo, max(url) as repo_url
    from (
        select scope as repo, body ->> '$.url' as url from live.raw.github_repositories where gone_at is null
        union all
        select repo, regexp_extract(url, '^(https?://.+)/pull/\d+$', 1) from pull where url like '%/pull/%'
    )
    group by repo
)
select
    id,
    repo,
    environment,
    production,
    commitOid as sha,
    ref.name as ref,
    task,
    utc(createdAt) as created_at,
    finished_at,
    outcome,
    outcome in ('failure', 'error') or rolled_back as failed,
    case
        when outcome in ('failure', 'error') then 'It ended as ' || outcome || ' and never succeeded.'
        when rolled_back then 'It was rolled back: ' || left(next_sha, 7) || ' was put back on '
            || strftime(next_success_at, '%-d %b %Y, %H:%M') || ' UTC.'
    end as why_failed,
    if(failed, next_success_at, null) as restored_at,
    hotfix or rollback or coalesce(
        lag(rolled_back) over (partition by repo, environment, outcome order by finished_at, id), false
    ) as rework,
    coalesce(if(starts_with(log_url, repo_url || '/'), log_url, repo_url || '/deployments'), log_url) as url,
    utc(updatedAt) as updated_at,
    databaseId as database_id,
from judged
left join repository using (repo)
order by created_at, id;
