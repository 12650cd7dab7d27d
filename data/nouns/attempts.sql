-- Attempts to deploy, as told ----------------------------------------------------------------------------------------------

create table scratch.deployment_body as
select own(source, coalesce(parent, id)) as id, source, parent, scope as repo, unnest(from_json(body, '{
    "databaseId": "BIGINT", "environment": "VARCHAR", "task": "VARCHAR", "state": "VARCHAR", "commitOid": "VARCHAR",
    "ref": {"name": "VARCHAR"}, "createdAt": "TIMESTAMPTZ", "updatedAt": "TIMESTAMPTZ",
    "statuses": {"nodes": [{"id": "VARCHAR", "state": "VARCHAR", "createdAt": "TIMESTAMPTZ", "logUrl": "VARCHAR"}]}
}'))
from with_parts('live.raw.github_deployments', 'live.raw.github_deployment_parts');

create table scratch.step as
select deployment_id, source, item.id as id, lower(item.state) as state, utc(item.createdAt) as created_at, item.logUrl as log_url
from (select id as deployment_id, source, unnest(statuses.nodes) as item from deployment_body)
where state is not null;

create table scratch.destination as select distinct repo, coalesce(environment, '') as environment from deployment_body;

create table deployment_statuses as
select distinct
    coalesce(own(source, id), deployment_id || ' ' || state || ' ' || created_at) as id,
    deployment_id,
    state,
    created_at,
from step
order by created_at, id, deployment_id;

create table scratch.told as
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
)
select
    id,
    repo,
    environment,
    fits(environment, 'rule_production') as production,
    commitOid as sha,
    ref.name as ref,
    task,
    utc(createdAt) as created_at,
    -- one success is a success for ever: inactive is how a deployment normally ends when the next one arrives
    case
        when coalesce(succeeded, d.state in ('ACTIVE', 'SUCCESS')) then 'success'
        when broke is not null then broke.state
        when only_inactive then 'unknown'
        else 'pending'
    end as outcome,
    case outcome when 'success' then coalesce(succeeded_at, utc(updatedAt)) else broke.at end as finished_at,
    log.url as url,
    utc(updatedAt) as updated_at,
    databaseId as database_id,
    'deployment' as evidence,
from deployment_body d
left join outcome o using (id)
where d.parent is null;

-- Where team.toml says so, a release counts as a deployment, until the repository tells of its deployments itself.
insert into told
with first as (select repo, min(created_at) as told_at from told where production group by repo)
select
    id, repo, if(prerelease, 'prerelease', 'release'), not prerelease, sha, tag, 'release', published_at,
    'success', published_at, url, published_at, null, 'release',
from releases
left join first using (repo)
where fits(repo, 'rule_from_releases') and published_at is not null and coalesce(published_at < told_at, true);


-- Attempts -----------------------------------------------------------------------------------------------------------------

-- A commit's place is the moment its pull request was merged into its branch. That holds for squash, rebase and merge alike
-- and needs no history of commits. Merges of the same second share a place.
create table scratch.merge as
select repo, mergeCommit.oid as sha, baseRefName as base, max(merged_at) as merged_at
from pull
where merged_at is not null and sha is not null
group by all;

create table scratch.attempt as
with place as (
    select repo, sha, max({'merged_at': merged_at, 'base': base}) as place
    from merge
    semi join told using (repo, sha)
    group by all
),
on_line as (
    select repo, sha, min(position) as position
    from default_branch
    semi join told using (repo, sha)
    group by all
),
put as (
    select *, hash(repo, environment, coalesce(sha, id)) as same_again from told -- a number, as texts cost more to sort by
),
turn as (
    -- The same commit put into the same environment again within ten minutes of the end of the time before: a re-run.
    select
        id,
        same_again,
        created_at,
        outcome,
        coalesce(
            created_at - lag(coalesce(finished_at, created_at)) over same > interval 10 minutes, true
        ) as fresh,
    from put
    semi join (select same_again from put group by all having count(*) > 1) using (same_again)
    window same as (partition by same_again order by created_at, id)
),
counted as (
    select
        * exclude fresh,
        sum(fresh::int) over (partition by same_again order by created_at, id) as nth
    from turn
),
rerun as (
    -- Of several runs one counts: the first that succeeded, else the first that failed.
    select
        id,
        nullif(
            first_value(id) over (
                partition by same_again, nth
                order by case outcome when 'success' then 0 when 'failure' then 1 when 'error' then 1 else 2 end, created_at, id
            ),
            id
        ) as rerun_of,
    from counted
),
placed as (
    select
        o.* exclude same_again,
        rerun_of,
        place,
        position,
        fits(task, 'rule_hotfix') or fits(ref, 'rule_hotfix') or fits(task || ':' || ref, 'rule_hotfix') as hotfix,
        fits(task, 'rule_rollback') or fits(ref, 'rule_rollback') or fits(task || ':' || ref, 'rule_rollback') as rollback,
        first_live_at,
    from put o
    left join rerun using (id)
    left join place using (repo, sha)
    left join on_line using (repo, sha)
    left join (
        select same_again, min(finished_at) as first_live_at from put where outcome = 'success' group by all
    ) using (same_again)
),
success as (
    select repo, environment, finished_at, max(id) as id
    from placed
    where outcome = 'success' and rerun_of is null
    group by all
),
followed as (
    select a.id, n.id as next_id
    from placed a
    asof join success n
        on n.repo = a.repo and n.environment = a.environment and a.finished_at < n.finished_at
)
select
    a.*,
    next_id,
    n.finished_at as next_success_at,
    n.sha as next_sha,
    -- put back: said so, of an earlier place in the same branch, or where no place is known live before this one ever was
    coalesce(
        a.production and a.outcome = 'success' and a.rerun_of is null and n.sha <> a.sha and n.created_at > a.created_at and (
            n.rollback
            or coalesce(
                n.position < a.position,
                if(n.place.base = a.place.base, n.place.merged_at < a.place.merged_at, null),
                n.first_live_at < a.first_live_at
            )
        ),
        false
    ) as rolled_back,
from placed a
left join followed f on f.id = a.id
left join placed n on n.id = next_id;
