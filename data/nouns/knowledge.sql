-- Knowledge ----------------------------------------------------------------------------------------------------------------

-- How many people know a component, and never which: numbers stand for people here, and no table of people is kept.
-- Somebody knows a component who wrote at least three of its merged changes or reviewed at least five. What is older than six
-- months counts half, what is older than twelve not at all: a weight that halves every six months, in steps a person can check.
-- Whoever made the pull request wrote it, and whoever made a commit in it: a squash merge would name one of them alone.
create table scratch.took_part as
with told as (
    select id as pull_request_id, author.login, true as wrote from pull
    union all
    select pull_request_id, login, true from committer
    union all
    select pull_request_id, login, false
    from review
    where submitted_at is not null
)
select pull_request_id, hash(x.hash) as person, bool_or(wrote) as wrote
from told
semi join landed using (pull_request_id)
join people x using (login)
where not x.bot
    and login <> 'somebody-forgotten' -- of several forgotten people nobody knows whether they were one
group by all;

create table scratch.learnt as
with seen as (
    select component_id, person, month, count(*) filter (wrote) as wrote, count(*) filter (not wrote) as reviewed
    from component_change
    join took_part using (pull_request_id)
    group by all
)
from seen
-- most people who touched a component never came near to knowing it
semi join (
    select component_id, person from seen group by all having sum(wrote) >= 3 or sum(reviewed) >= 5
) using (component_id, person);

create table scratch.this_month as
select greatest(
    (select max(month) from landed),
    (
        select (year(here) * 12 + month(here) - 1)::integer
        from (select timezone(getvariable('zone'), timezone('UTC', max(complete_to))) as here from live.progress where kind = 'github')
    )
) as month;

-- Changes written and reviewed in one number, as of millions of rows every column counts: in halves, those reviewed times 1e9.
create or replace temp macro knows(halves) as (halves % 1e9 >= 2 * 3 or halves >= 2 * 5e9);

-- How many people knew a component when a month had ended. That changes in a few months only: when somebody wrote or reviewed
-- there, and six and twelve months after.
create table scratch.known as
with counted as (
    select
        component_id,
        month + later as month,
        sum((wrote + 1e9 * reviewed) * halves) as now,
        sum(now) over (partition by component_id, person order by month + later) as held,
    from learnt, (values (0, 2), (6, -1), (12, -1)) as fades(later, halves)
    group by component_id, person, month + later
),
turned as (
    select component_id, month, knows(held)::integer - knows(held - now)::integer as change from counted
),
stood as (
    select component_id, month, sum(sum(change)) over turns as people, lead(month) over turns as until
    from turned
    where change <> 0
    group by component_id, month
    window turns as (partition by component_id order by month)
)
select component_id, unnest(range(stood.month, least(until, t.month + 1)))::integer as month, people
from stood, this_month t
where people > 0;

-- One row for each component and month while it was changed in the twelve months before. `depth` is how many people knew it
-- when the month ended, 3 for three or more: a larger number would tell of somebody who came or went.
create table knowledge as
with monthly as (
    select component_id, month, count(*) as landed from component_change group by all
),
lives as (
    select component_id, unnest(generate_series(first, least(last + 11, (select month from this_month)))) as month
    from (select component_id, min(month) as first, max(month) as last from monthly group by all)
),
filled as (
    select
        component_id,
        month,
        coalesce(landed, 0) as landed,
        sum(coalesce(landed, 0)) over (partition by component_id order by month rows 11 preceding) as changes,
    from lives
    left join monthly using (component_id, month)
)
select
    f.component_id,
    c.repo,
    c.component,
    make_date(f.month // 12, f.month % 12 + 1, 1) as month,
    least(coalesce(k.people, 0), 3)::integer as depth,
    f.landed::integer as landed,
    f.changes::integer as changes,
    f.month - b.began + 1 as history, -- months the repository has been read for, this one among them
from filled f
join components c on c.id = f.component_id
join (select repo, min(month) as began from landed group by all) b using (repo)
left join known k on k.component_id = f.component_id and k.month = f.month
where f.changes > 0
order by f.month, c.repo, c.component;

-- Each change and the components it touched, with how many people knew them when the month before had ended.
create table component_changes as
select
    c.component_id,
    c.pull_request_id,
    c.merged_at,
    least(coalesce(k.people, 0), 3)::integer as depth,
    c.month - b.began as history,
from component_change c
join (select id as component_id, repo from components) using (component_id)
join (select repo, min(month) as began from landed group by all) b using (repo)
left join known k on k.component_id = c.component_id and k.month = c.month - 1
order by c.merged_at, c.pull_request_id, c.component_id;

-- How evenly reviews lay on the whole team: the entropy of its reviews over the greatest there could be. With fewer than five
-- people it would tell of each, so nothing is kept.
create table review_evenness as
with reviewed as (
    select month, person, count(*) filter (not wrote) as reviews
    from took_part
    join landed using (pull_request_id)
    where month < (select month from this_month)
    group by all
)
select
    make_date(month // 12, month % 12 + 1, 1) as month,
    sum(reviews)::integer as reviews,
    -- minus the sum of p ln p over ln n, where every p is a person's part of the reviews
    round((ln(sum(reviews)) - sum(reviews * ln(greatest(reviews, 1))) / sum(reviews)) / ln(count(*)), 2) as evenness,
from reviewed
group by month
having count(*) >= 5 and sum(reviews) > 0
order by month;
