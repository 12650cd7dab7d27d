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
    select d.repo, d.way, m.base, m.merged_at as up_to, d.finished_at, d.position is not null as known
    from went_live d
    join merge m using (repo, sha)
    union all
    -- A commit that is no merge (pushed directly, tagged) carries what was merged before it was first deployed to anywhere.
    select d.repo, d.way, null, f.created_at, d.finished_at, d.position is not null
    from went_live d
    join (select repo, sha, min(created_at) as created_at from attempt group by all) f using (repo, sha)
    anti join merge m using (repo, sha)
),
carried as (
    -- An older commit may have gone out later: of all deployments that carry a merge the first counts.
    select repo, way, base, up_to, min(min(finished_at)) over (partition by repo, way, base order by up_to desc) as deployed_at
    from live
    group by repo, way, base, up_to
),
carried_unknown as (
    -- The same for deployments of commits that are not in the history: tags beside it, or it is still being read.
    select repo, way, base, up_to, min(min(finished_at)) over (partition by repo, way, base order by up_to desc) as deployed_at
    from live
    where not known
    group by repo, way, base, up_to
),
beginning as (
    -- The first deployment on record need not be the first there was. It carries everything when the repository began in the
    -- 90 days before it; else what was merged in the 30 days before it, and of what is older nobody knows when it went out.
    select repo, way, if(first_at - began <= interval 90 day, null, first_at - interval 30 day) as known_from
    from (select repo, way, min(finished_at) as first_at from went_live group by all)
    join (select repo, min(merged_at) as began from merge group by repo) using (repo)
)
select
    p.*,
    case
        when p.merged_at < known_from then null
        when position is null then least(m.deployed_at, o.deployed_at)
        else least(h.deployed_at, mu.deployed_at, ou.deployed_at)
    end as deployed_at,
from way p
left join beginning using (repo, way)
asof left join carried_on_line h on h.repo = p.repo and h.way = p.way and p.position <= h.up_to
asof left join (from carried where base is not null) m
    on m.repo = p.repo and m.way = p.way and m.base = p.baseRefName and p.merged_at <= m.up_to
asof left join (from carried where base is null) o
    on o.repo = p.repo and o.way = p.way and p.merged_at <= o.up_to
asof left join (from carried_unknown where base is not null) mu
    on mu.repo = p.repo and mu.way = p.way and mu.base = p.baseRefName and p.merged_at <= mu.up_to
asof left join (from carried_unknown where base is null) ou
    on ou.repo = p.repo and ou.way = p.way and p.merged_at <= ou.up_to;

-- One row for each merged pull request and service it reaches; without a deployment while it has not gone out there.
create table changes as
with onward as (
    -- Merged into a branch that is itself merged on, a stack or a develop branch: deployed together with that branch.
    select repo, way, headRefName, merged_at, min(deployed_at) as deployed_at
    from arrived
    where isCrossRepository is not true
    group by all
),
ended as (
    select a.id, a.repo, a.way, a.merged_at, coalesce(a.deployed_at, o.deployed_at) as deployed_at
    from arrived a
    asof left join onward o
        on o.repo = a.repo and o.way = a.way and o.headRefName = a.baseRefName and a.merged_at <= o.merged_at
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
