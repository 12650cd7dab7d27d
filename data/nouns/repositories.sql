-- Repositories -------------------------------------------------------------------------------------------------------------

-- What team.toml no longer names is kept, and out of every number. A repository may be named as it was called before. From when
-- on its deployments are read is told as well: null, from the first one on, unless only later ones were ever asked for.
create table repositories as
select
    own(r.source, r.id) as id,
    r.source,
    r.scope as repo,
    body ->> '$.url' as url,
    coalesce(try_cast(body ->> '$.isArchived' as boolean), false) as archived,
    gone_at is not null as gone,
    utc(body ->> '$.createdAt') as created_at,
    utc(p.place ->> '$.floor') as deployments_from,
    not exists (from listed_repositories) and not exists (from organisation_rules)
    or exists (from listed_repositories l where l.source = r.source and l.name = lower(r.scope))
    or exists (
        from listed_repositories l
        join live.raw.github_repository_names n on n.source = l.source and n.id = l.name
        where l.source = r.source and (n.body ->> '$.id') = r.id
    )
    or exists (
        from organisation_rules o
        where o.source = r.source and o.owner = lower(split_part(r.scope, '/', 1))
            and (
                (o.everything and not archived)
                or regexp_full_match(lower(r.scope), o.include)
                or regexp_full_match(lower(split_part(r.scope, '/', 2)), o.include)
            )
            and not regexp_full_match(lower(r.scope), o.exclude)
            and not regexp_full_match(lower(split_part(r.scope, '/', 2)), o.exclude)
    ) as shown,
from live.raw.github_repositories r
left join live.progress p on p.stream = 'github_deployments' and p.source = r.source and p.scope = r.scope
order by r.source, repo, id;

create table scratch.hidden as select source, repo as scope from repositories where not shown;

-- What is too long for one answer overflows into parts. Parts older than the last whole reading tell of what is no more.
create or replace temp macro with_parts(items, parts) as table
    from query_table(items) where gone_at is null and (source, scope) not in (from hidden)
    union all
    select o.*
    from query_table(parts) o
    join query_table(items) i on i.source = o.source and i.id = o.parent
    where i.gone_at is null and coalesce(o.version >= i.whole, true) and (i.source, i.scope) not in (from hidden);
