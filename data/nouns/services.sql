-- Services -----------------------------------------------------------------------------------------------------------------

-- Which service lives in which repository. Without [[services]] in team.toml a repository is one, and nothing is said here.
create table scratch.housed as
select repo, name as service, environments, by_path
from (select repo from pull union select repo from destination union select repo from releases)
join service_rules on regexp_full_match(lower(repo), repositories);

-- Which services are deployed to an environment: those that name it, or where none does those that name none.
create table scratch.goes_to as
select repo, environment, service
from (
    from destination
    union
    select distinct repo, 'release' from releases
)
join housed using (repo)
where environments is null or regexp_full_match(lower(environment), environments)
qualify (environments is not null) = bool_or(environments is not null) over (partition by repo, environment);

-- Which services a pull request reaches: files are looked at only when paths tell services apart, and each path once.
create table scratch.reaches as
with apart as (
    from housed where by_path
),
holds as (
    select distinct f.place, h.service
    from (select place, any_value(repo) as repo, any_value(path) as path from touched semi join apart using (repo) group by place) f
    join apart h using (repo)
    join path_rules r on r.name = h.service and case
        when not starts_with(lower(f.path), r.begins) then false
        when r.pattern is null then true
        else regexp_full_match(lower(f.path), r.pattern)
    end
)
select distinct pull_request_id as id, service from touched join holds using (place)
union all
select id, service from pull join housed using (repo) where not by_path;
