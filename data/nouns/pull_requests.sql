-- Pull requests ------------------------------------------------------------------------------------------------------------

create table scratch.revert as
with named as (
    select
        id, repo, opened_at,
        try_cast(regexp_extract(headRefName, '^revert-(\d+)-', 1) as bigint) as number,
        nullif(regexp_extract(title, '(?is)^revert "(.+)"', 1), '') as title,
    from pull
    where title ilike 'revert "%' or headRefName like 'revert-%'
),
merged as (
    select repo, number, title, merged_at, min(id) as id
    from pull
    semi join named using (repo)
    where merged_at is not null
    group by all
)
-- The number in the branch is exact; a title means the latest of that name merged before.
select n.id, coalesce(min(b.id), min(t.id)) as revert_of
from named n
left join merged b on b.repo = n.repo and b.number = n.number and b.merged_at <= n.opened_at
asof left join (select repo, title, merged_at, min(id) as id from merged group by all) t
    on t.repo = n.repo and t.title = n.title and t.merged_at <= n.opened_at
group by n.id;

-- Reviews by bots and by the author do not count, and after the merge nothing waited for them.
create table scratch.heard as
select p.id, r.state, submitted_at as happened_at, coalesce(submitted_at <= merged_at, true) as in_time
from reviews r
join pull p on p.id = r.pull_request_id
where submitted_at is not null and not bot and not by_author;

create table scratch.reviewed as
select
    id,
    count(*) as reviews,
    min(happened_at) filter (in_time) as first_review_at,
    max(happened_at) filter (in_time and state = 'approved') as approved_at,
from heard
group by all;

create table scratch.pushed as
select
    pull_request_id as id,
    min(authored_at) as first_commit_at,
    count(*) as commits,
    count(*) filter (committed_at > first_review_at) as commits_after_review,
from commits
left join reviewed on id = pull_request_id
group by all;

-- Reviews between two pushes are one round. Without a push after the first review there was one.
create table scratch.talked as
with again as (
    select id from pushed where commits_after_review > 0
    union
    select t.id from turned t join reviewed r using (id) where what = 'HeadRefForcePushedEvent' and happened_at > first_review_at
),
turn as (
    select id, not pushed and lag(pushed, 1, true) over (partition by id order by happened_at, not pushed) as begins
    from (
        select pull_request_id as id, committed_at as happened_at, true as pushed from commits semi join again on id = pull_request_id
        union all
        select id, happened_at, true from turned where what = 'HeadRefForcePushedEvent'
        union all
        select id, happened_at, false from heard semi join again using (id) where in_time
    )
)
select id, count(*) as rounds
from turn
where begins
group by id;

create table pull_requests as
with turns as (
    select
        id,
        min(happened_at) filter (what = 'ReadyForReviewEvent') as first_ready_at,
        max(happened_at) filter (what = 'ReadyForReviewEvent') as ready_at,
        min(happened_at) filter (what = 'ConvertToDraftEvent') as first_draft_at,
        bool_or(what = 'HeadRefForcePushedEvent') as rewritten,
    from turned
    group by all
),
moments as (
    select
        id,
        if(draft, null, coalesce(ready_at, opened_at)) as ready_at,
        -- made a draft again later, it was ready when it was opened
        case
            when first_draft_at < coalesce(t.first_ready_at, 'infinity'::timestamp) then opened_at
            else coalesce(t.first_ready_at, if(draft, null, opened_at))
        end as first_ready_at,
        -- a branch written anew after it was opened no longer tells when it was begun
        if(rewritten and first_commit_at > opened_at, null, first_commit_at) as first_commit_at,
        coalesce(commits, 0) as commits,
        coalesce(commits_after_review, 0) as commits_after_review,
        coalesce(reviews, 0) as reviews,
        first_review_at,
        approved_at,
        if(first_review_at is null, 0, coalesce(rounds, 1)) as review_rounds,
        s.id is not null as pushed_after_review,
    from (select *, coalesce(isDraft, false) as draft from pull) p
    left join turns t using (id)
    left join pushed using (id)
    left join reviewed using (id)
    left join talked s using (id)
),
-- Working seconds from one moment to another, see calendar.sql.
from_ready as (
    select id, worked(first_ready_at, before, opens, closes) as since
    from moments
    asof join workdays on opens <= first_ready_at
),
to_review as (
    select id, worked(reviewed_at, before, opens, closes) as until
    from (select id, greatest(first_review_at, first_ready_at) as reviewed_at from moments where first_review_at is not null)
    asof join workdays on opens <= reviewed_at
)
select
    p.id,
    repo,
    number,
    title,
    why, -- what its description says about it, if it does
    url,
    lower(state) as state,
    coalesce(isDraft, false) as draft,
    opened_at,
    ready_at,
    first_ready_at,
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
    additions + deletions - coalesce(g.lines, 0) as size,
    commits,
    commits_after_review,
    pushed_after_review,
    reviews,
    review_rounds,
    -- a first commit written after it was ready counts as no time of coding at all
    coalesce(first_commit_at > first_ready_at, false) as clipped,
    if(merged_at is null, null, first_review_at is null) as unreviewed,
    (until - since) / 3600 as pickup_working_hours,
    baseRefName as base,
    coalesce(bot, false) as bot,
    revert_of,
    hash as author,
    service,
    utc(updatedAt) as updated_at,
from pull p
join moments using (id)
left join people x on x.login = p.author.login
left join deployed using (id)
left join revert using (id)
left join generated g on g.pull_request_id = p.id
left join from_ready using (id)
left join to_review using (id)
order by opened_at, p.id;
