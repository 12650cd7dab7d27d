-- The default branch -------------------------------------------------------------------------------------------------------

-- Places on the first-parent line, the oldest first: whatever has a smaller place lies before. A commit beside the line shares
-- the place of the merge that brought it in. Places grow as the history is read further back; their order stays.
create table default_branch as
select
    scope as repo,
    oid as sha,
    dense_rank() over (partition by source, scope order by walk, below desc) as position,
    utc(committedDate) as committed_at,
    line as on_line,
from (select source, scope, unnest(from_json(body, '{
    "oid": "VARCHAR", "committedDate": "TIMESTAMPTZ", "walk": "BIGINT", "below": "BIGINT", "line": "BOOLEAN"
}'))
from live.raw.github_commits
where gone_at is null and (source, scope) not in (from hidden))
order by repo, position, committed_at, sha;


-- Releases -----------------------------------------------------------------------------------------------------------------

create table releases as
select
    id,
    repo,
    tagName as tag,
    tagCommit.oid as sha,
    coalesce(nullif(name, ''), tagName) as name,
    coalesce(isPrerelease, false) as prerelease,
    utc(createdAt) as created_at,
    utc(publishedAt) as published_at,
    url,
from (select own(source, id) as id, scope as repo, unnest(from_json(body, '{
    "tagName": "VARCHAR", "name": "VARCHAR", "isPrerelease": "BOOLEAN", "url": "VARCHAR",
    "tagCommit": {"oid": "VARCHAR"}, "createdAt": "TIMESTAMPTZ", "publishedAt": "TIMESTAMPTZ"
}'))
from live.raw.github_releases
where gone_at is null and (source, scope) not in (from hidden))
order by created_at, id;
