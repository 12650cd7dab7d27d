-- Pull requests as told ----------------------------------------------------------------------------------------------------

create table scratch.pull_body as
select own(source, coalesce(parent, id)) as id, source, parent, scope as repo, unnest(from_json(body, '{
    "number": "BIGINT", "title": "VARCHAR", "why": "VARCHAR", "url": "VARCHAR", "state": "VARCHAR", "isDraft": "BOOLEAN",
    "createdAt": "TIMESTAMPTZ", "updatedAt": "TIMESTAMPTZ", "mergedAt": "TIMESTAMPTZ", "closedAt": "TIMESTAMPTZ",
    "additions": "BIGINT", "deletions": "BIGINT", "changedFiles": "BIGINT",
    "baseRefName": "VARCHAR", "headRefName": "VARCHAR", "isCrossRepository": "BOOLEAN",
    "author": {"__typename": "VARCHAR", "login": "VARCHAR"}, "mergeCommit": {"oid": "VARCHAR"},
    "closingIssuesReferences": {"nodes": [{"number": "BIGINT", "repository": {"nameWithOwner": "VARCHAR"}}]},
    "timelineItems": {"nodes": [{
        "__typename": "VARCHAR", "id": "VARCHAR", "fullDatabaseId": "BIGINT", "state": "VARCHAR",
        "createdAt": "TIMESTAMPTZ", "submittedAt": "TIMESTAMPTZ", "author": {"__typename": "VARCHAR", "login": "VARCHAR"},
        "commit": {
            "oid": "VARCHAR", "authoredDate": "TIMESTAMPTZ", "committedDate": "TIMESTAMPTZ",
            "author": {"user": {"login": "VARCHAR"}}
        }
    }]},
    "files": {"nodes": [{"path": "VARCHAR", "additions": "BIGINT", "deletions": "BIGINT"}]}
}'))
from with_parts('live.raw.github_pull_requests', 'live.raw.github_pull_request_parts');

-- What is told once is kept apart from the lists, which take most of the room and are read early on.
create table scratch.pull as
select * exclude (parent, timelineItems, files, closingIssuesReferences), utc(createdAt) as opened_at, utc(mergedAt) as merged_at
from pull_body
where parent is null;

create table scratch.closing as
select id, item.repository.nameWithOwner || '#' || item.number as key
from (select id, unnest(closingIssuesReferences.nodes) as item from pull_body);

-- Pages that overlap tell an event twice, a review perhaps before and after its dismissal. Of what was told in pages each counts
-- once, as it ended.
create table scratch.paged as
select id as pull_request_id, b.source, p.repo, p.author.login as author, max(item) as item
from (
    select id, source, unnest(timelineItems.nodes) as item
    from pull_body
    semi join (select id from pull_body where parent is not null) using (id)
) b
join pull p using (id)
group by id, b.source, p.repo, p.author.login, coalesce(item.id, item.commit.oid, item::varchar);

create temp view timeline as
select id as pull_request_id, source, repo, author.login as author, unnest(timelineItems.nodes) as item
from pull_body
anti join paged on pull_request_id = id
union all
from paged;

create table scratch.turned as
select pull_request_id as id, item.__typename as what, utc(item.createdAt) as happened_at
from timeline
where item.__typename in ('ReadyForReviewEvent', 'ConvertToDraftEvent', 'HeadRefForcePushedEvent');

create table scratch.committer as
select distinct pull_request_id, item.commit.author.user.login as login from timeline where item.commit.oid is not null;

create table scratch.review as
select
    own(source, item.id) as id,
    pull_request_id,
    repo,
    author,
    lower(item.state) as state,
    utc(item.submittedAt) as submitted_at,
    item.author.login as login,
    item.author.__typename as kind,
    item.fullDatabaseId as database_id,
from timeline
where item.__typename = 'PullRequestReview';

-- Every file that a pull request touched. From here on a number stands for a path: texts cost more to compare.
create table scratch.touched as
select
    id as pull_request_id,
    repo,
    item.path as path,
    hash(repo, item.path) as place,
    coalesce(item.additions, 0) + coalesce(item.deletions, 0) as lines,
from (select id, repo, unnest(files.nodes) as item from pull_body)
where item.path is not null;


-- Commits ------------------------------------------------------------------------------------------------------------------

create table commits as
select
    item.commit.oid as sha,
    pull_request_id,
    utc(item.commit.authoredDate) as authored_at,
    utc(item.commit.committedDate) as committed_at,
from timeline
where item.commit.oid is not null;


-- Reviews ------------------------------------------------------------------------------------------------------------------

-- Everybody once: hashes and patterns cost more than a join.
create table scratch.people as
select login, person(login) as hash, fits(login, 'rule_bots') or coalesce(bool_or(kind = 'Bot'), false) as bot
from (
    select login, kind from review
    union all
    select author.login, author.__typename from pull
    union all
    select distinct login, null from committer
)
where login is not null
group by login;

create table reviews as
select
    id,
    pull_request_id,
    state,
    submitted_at,
    hash as reviewer,
    coalesce(bot, false) as bot,
    -- of two deleted accounts nobody knows whether they were one
    lower(login) is not distinct from lower(author) as by_author,
    database_id,
    repo,
from review
left join people using (login)
order by submitted_at, id;
