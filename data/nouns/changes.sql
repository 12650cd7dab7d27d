-- Changes: which deployment carried what was merged ------------------------------------------------------------------------

-- Every change goes one way for each service it reaches, or the way '' of its repository when it reaches none that is named.
create table scratch.way as
select p.id, p.repo, coalesce(r.service, '') as way, p.baseRefName, p.headRefName, p.isCrossRepository, p.merged_at, b.position
from pull p
left join reaches r using (id)
left join default_branch b on b.repo = p.repo and b.sha = p.mergeCommit.oid
where p.merged_at is not null;

create table scratch.went_live as
select a.id, a.repo, coalesce(g.service, '') as way, a.sha, a.position, a.finished_at
from attempt a
left join (from goes_to union all select distinct repo, environment, '' from goes_to) g
    on g.repo = a.repo and g.environment = coalesce(a.environment, '')
where a.production and a.outcome = 'success' and a.finished_at is not null;

create table scratch.arrived as
with carried_on_line as (
    -- Where the history of the default branch is known, it says which merges a deployed commit carries.
    select repo, way, position as up_to, min(min(finished_at)) over (partition by repo, way order by position desc) as deployed_at
    from went_live
    where position is not null
    group by repo, way, position
),
live as (
    -- What a production success carries: all that was merged up to its commit. So a rollback carries only what is old.
    select hash(d.repo, d.way, m.base) as lane, m.merged_at as up_to, d.finished_at, d.position is not null as known
    from went_live d
    join merge m using (repo, sha)
    union all
    -- A commit that is no merge (pushed directly, tagged) carries what was merged before it was first deployed to anywhere.
    select hash(d.repo, d.way), f.created_at, d.finished_at, d.position is not null
    from went_live d
    join (select repo, sha, min(created_at) as created_at from attempt group by all) f using (repo, sha)
    anti join merge m using (repo, sha)
),
carried as (
    -- An older commit may have gone out later: of all deployments that carry a merge the first counts. For what is in the history
    -- only those count that are not: tags beside it, or it is still being read.
    select lane, in_history, up_to, min(min(finished_at)) over (partition by lane, in_history order by up_to desc) as deployed_at
    from (select lane, up_to, finished_at, unnest(if(known, [false], [false, true])) as in_history from live)
    group by lane, in_history, up_to
),
beside as (
    select p.id, p.way, min(c.deployed_at) as deployed_at
    from (
        select id, way, merged_at, position is not null as in_history, unnest([hash(repo, way, baseRefName), hash(repo, way)]) as lane
        from way
    ) p
    semi join (select distinct lane, in_history from carried) k on k.lane = p.lane and k.in_history = p.in_history
    asof join carried c on c.lane = p.lane and c.in_history = p.in_history and p.merged_at <= c.up_to
    group by all
),
beginning as (
    -- The first deployment on record need not be the first there was. It carries everything when the repository began in the
    -- 90 days before it; else what was merged in the 30 days before it, and of what is older nobody knows when it went out.
    select repo, way, if(first_at - began <= interval 90 day, null, first_at - interval 30 day) as known_from
    from (select repo, way, min(finished_at) as first_at from went_live group by all)
    join (select repo, min(merged_at) as began from merge group by repo) using (repo)
)
select p.*, if(p.merged_at < known_from, null, least(h.deployed_at, b.deployed_at)) as deployed_at
from way p
left join beginning using (repo, way)
left join beside b using (id, way)
asof left join carried_on_line h on h.repo = p.repo and h.way = p.way and p.position <= h.up_to;

-- One row for each merged pull request and service it reaches; without a deployment while it has not gone out there.
create table changes as
with waiting as (
    from arrived where deployed_at is null
),
onward as (
    -- Merged into a branch that is itself merged on, a stack or a develop branch: deployed together with that branch.
    select repo, way, headRefName, merged_at, min(deployed_at) as deployed_at
    from arrived
    semi join (select distinct repo, way, baseRefName as headRefName from waiting) using (repo, way, headRefName)
    where isCrossRepository is not true
    group by all
),
ended as (
    select id, repo, way, merged_at, deployed_at from arrived where deployed_at is not null
    union all
    select w.id, w.repo, w.way, w.merged_at, o.deployed_at
    from waiting w
    asof left join onward o
        on o.repo = w.repo and o.way = w.way and o.headRefName = w.baseRefName and w.merged_at <= o.merged_at
)
select
    e.id as pull_request_id,
    nullif(way, '') as service,
    merged_at,
    min(deployed_at) as deployed_at,
    min(d.id) as deployment_id,
from ended e
left join (select repo, way, finished_at as deployed_at, min(id) as id from went_live group by all) d using (repo, way, deployed_at)
group by e.id, way, merged_at
order by merged_at, e.id, way;

-- A change has reached customers when the first service it reaches has; it belongs to a service when it reaches one alone.
create table scratch.deployed as
select
    pull_request_id as id,
    min(deployed_at) as deployed_at,
    if(count(distinct service) = 1, min(service), null) as service,
from changes
group by all;
