-- Components ---------------------------------------------------------------------------------------------------------------

create table scratch.place as
select place, repo, regexp_replace(path, '/?[^/]*$', '') as folder, fits(path, 'rule_generated') as generated
from (select place, any_value(repo) as repo, any_value(path) as path from touched group by place);

-- What nobody wrote line by line, like a lock file, is no part of a pull request's size. Pages that overlap tell a file twice.
create table scratch.generated as
select pull_request_id, sum(lines)::bigint as lines
from (
    select pull_request_id, place, max(lines) as lines
    from touched
    semi join (from place where generated) using (place)
    group by all
)
group by all;

-- The folders that CODEOWNERS speaks of. Patterns for some kinds of files everywhere are no part of the system, nor are owners
-- of interest here. As on GitHub the last line that fits counts.
create table scratch.owned_folder as
select repo, folder, max(line) as line
from (
    select
        repo,
        line,
        -- '/docs/', 'docs/', '/docs/**' and '/docs/*' are the folder docs
        nullif(lower(regexp_extract(text, '^\s*/?([^\s#!*?\[\\]*?)/?(?:/\*{1,2})?(?:\s|$)', 1)), '') as folder,
    from (
        select repo, unnest(lines) as text, generate_subscripts(lines, 1) as line
        from (
            select scope as repo, string_split(body ->> '$.text', chr(10)) as lines
            from live.raw.github_codeowners
            where gone_at is null and (source, scope) not in (from hidden)
        )
    )
)
where folder is not null
group by all;

-- Where a folder belongs: to the longest folder that the team names, else to the one CODEOWNERS names last, else to its first
-- levels.
create table scratch.belongs as
with folder as (
    select distinct repo, folder, lower(folder) || '/' as below, lower(repo) || '/' || below as whole
    from place
    where not generated
),
named as (
    select f.repo, f.folder, max_by(r.folder, length(r.folder)) as component
    from folder f
    join component_rules r on starts_with(f.below, r.folder || '/') or starts_with(f.whole, r.folder || '/')
    group by all
),
owned as (
    select f.repo, f.folder, max_by(o.folder, o.line) as component
    from folder f
    join owned_folder o on o.repo = f.repo and starts_with(f.below, o.folder || '/')
    group by all
)
select
    f.repo,
    f.folder,
    case
        when n.component is not null then 'team.toml'
        when o.component is not null then 'CODEOWNERS'
        else 'folder'
    end as told_by,
    coalesce(
        -- a folder may be named with its repository before it
        left(f.folder, length(n.component) - if(starts_with(n.component, lower(f.repo) || '/'), length(f.repo) + 1, 0)),
        left(f.folder, length(o.component)),
        nullif(array_to_string(list_slice(string_split(f.folder, '/'), 1, getvariable('component_depth')), '/'), ''),
        '(top level)'
    ) as component,
from folder f
left join named n using (repo, folder)
left join owned o using (repo, folder);

create table components as
select
    row_number() over (order by repo, component) as id,
    repo,
    component,
    told_by,
    url || if(component = '(top level)', '', '/tree/HEAD/' || component) as url,
from (select repo, component, min(told_by) as told_by from belongs group by all)
left join (select repo, max(url) as url from repositories group by all) using (repo)
order by id;

create table scratch.place_of as
select p.place, c.id as component_id
from place p
join belongs b using (repo, folder)
join components c using (repo, component)
where not p.generated;

-- Which components a merged change touched. What a bot changed nobody learnt anything from.
create table scratch.landed as
select
    id as pull_request_id,
    repo,
    merged_at,
    (year(here) * 12 + month(here) - 1)::integer as month, -- counted from the year 0, where the team is
from (select *, timezone(getvariable('zone'), timezone('UTC', merged_at)) as here from pull where merged_at is not null)
left join people x on x.login = author.login
where bot is not true;

create table scratch.component_change as
select distinct component_id, pull_request_id, merged_at, month
from touched
join place_of using (place)
join (select pull_request_id, merged_at, month from landed) using (pull_request_id);
