-- Pull requests ------------------------------------------------------------------------------------------------------------

create temp table deployed as
with placed as (
    -- Where the history of the default branch is known, it says which merges a deployed commit carries.
    select d.repo, b.position as up_to, d.id, d.finished_at
    from deployments d
    join default_branch b using (repo, sha)
    where d.production and d.outcome = 'success'
),
carried_on_line as (
    select repo, up_to, min(min(finished_at)) over (partition by repo order by up_to desc) as deployed_at
    from placed
    group by repo, up_to
),
live as (
    -- What a production success carries: all that was merged up to its commit. So a rollback carries only what is old.
    select d.repo, m.base, m.merged_at as up_to, d.finished_at, d.id in (select id from placed) as known
    from deployments d
    join merge m using (repo, sha)
    where d.production and d.outcome = 'success'
    union all
    -- A commit that is no merge (pushed directly, tagged) carries what was merged before it was first deployed to anywhere.
    select d.repo, null, f.created_at, d.finished_at, d.id in (select id from placed)
    from deployments d
    join (select repo, sha, min(created_at) as created_at from deployments group by all) f using (repo, sha)
    anti join merge m using (repo, sha)
    where d.production and d.outcome = 'success'
),
carried as (
    -- An older commit may have gone out later: of all deployments that carry a merge the first counts.
    select repo, base, up_to, min(min(finished_at)) over (partition by repo, base order by up_to desc) as deployed_at
    from live
    group by repo, base, up_to
),
carried_unknown as (
    -- The same for deployments of commits that are not in the history: tags beside it, or it is still being read.
    select repo, base, up_to, min(min(finished_at)) over (partition by repo, base order by up_to desc) as deployed_at
    from live
    where not known
    group by repo, base, up_to
),
direct as (
    select
        p.id, p.repo, p.baseRefName, p.headRefName, p.isCrossRepository, p.merged_at,
        if(
            b.position is null,
            least(m.deployed_at, o.deployed_at),
            least(h.deployed_at, mu.deployed_at, ou.deployed_at)
        ) as deployed_at,
    from pull p
    left join default_branch b on b.repo = p.repo and b.sha = p.mergeCommit.oid
    asof left join carried_on_line h on h.repo = p.repo and b.position <= h.up_to
    asof left join (from carried where base is not null) m
        on m.repo = p.repo and m.base = p.baseRefName and p.merged_at <= m.up_to
    asof left join (from carried where base is null) o
        on o.repo = p.repo and p.merged_at <= o.up_to
    asof left join (from carried_unknown where base is not null) mu
        on mu.repo = p.repo and mu.base = p.baseRefName and p.merged_at <= mu.up_to
    asof left join (from carried_unknown where base is null) ou
        on ou.repo = p.repo and p.merged_at <= ou.up_to
    where p.merged_at is not null
),
onward as (
    -- Merged into a branch that is itself merged on, a stack or a develop branch: deployed together with that branch.
    select repo, headRefName, merged_at, min(deployed_at) as deployed_at
    from direct
    where isCrossRepository is not true
    group by all
)
select d.id, coalesce(d.deployed_at, o.deployed_at) as deployed_at
from direct d
asof left join onward o on o.repo = d.repo and o.headRefName = d.baseRefName and d.merged_at <= o.merged_at;

create temp table revert as
with named as (
    select
        id, repo, opened_at,
        try_cast(regexp_extract(headRefName, '^revert-(\d+)-', 1) as bigint) as number,
        nullif(regexp_extract(title, '(?is)^revert "(.+)"', 1), '') as title,
    from pull
    where title ilike 'revert "%' or headRefName like 'revert-%'
),
merged as (
    select repo, number, title, merged_at, min(id) as id from pull where merged_at is not null group by all
)
-- The number in the branch is exact; a title means the latest of that name merged before.
select n.id, coalesce(min(b.id), min(t.id)) as revert_of
from named n
left join merged b on b.repo = n.repo and b.number = n.number and b.merged_at <= n.opened_at
asof left join (select repo, title, merged_at, min(id) as id from merged group by all) t
    on t.repo = n.repo and t.title = n.title and t.merged_at <= n.opened_at
group by n.id;

create table pull_requests as
with made as (
    select pull_request_id as id, min(authored_at) as first_commit_at, count(*) as commits from commits group by all
),
ready as (
    -- Toggled twice, the last time counts: while it is a draft again, nobody is expected to look at it.
    select pull_request_id as id, max(utc(item.createdAt)) as ready_at
    from timeline
    where item.__typename = 'ReadyForReviewEvent'
    group by all
),
reviewed as (
    -- Reviews by bots and by the author do not count, and after the merge nothing waited for them.
    select
        p.id,
        count(*) as reviews,
        min(submitted_at) filter (coalesce(submitted_at <= merged_at, true)) as first_review_at,
        max(submitted_at) filter (coalesce(submitted_at <= merged_at, true) and r.state = 'approved') as approved_at,
    from reviews r
    join pull p on p.id = r.pull_request_id
    where submitted_at is not null and not bot and not by_author
    group by all
)
select
    p.id,
    repo,
    number,
    title,
    url,
    lower(state) as state,
    coalesce(isDraft, false) as draft,
    opened_at,
    if(draft, null, coalesce(ready_at, opened_at)) as ready_at,
    first_commit_at,
    first_review_at,
    approved_at,
    merged_at,
    utc(closedAt) as closed_at,
    deployed_at,
    mergeCommit.oid as merge_sha,
    additions,
    deletions,
    changedFiles as files,
    coalesce(commits, 0) as commits,
    coalesce(reviews, 0) as reviews,
    baseRefName as base,
    coalesce(bot, false) as bot,
    revert_of,
    hash as author,
    utc(updatedAt) as updated_at,
from pull p
left join people x on x.login = p.author.login
left join made using (id)
left join ready using (id)
left join reviewed using (id)
left join deployed using (id)
left join revert using (id)
order by opened_at, p.id;
