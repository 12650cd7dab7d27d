-- Usage --------------------------------------------------------------------------------------------------------------------

create table usage as
select own(source, id) as id, utc(happened_at) as happened_at, feature, count, area, person("user") as user_hash
from (select source, id, unnest(from_json(body, '{
    "happened_at": "TIMESTAMPTZ", "feature": "VARCHAR", "count": "BIGINT", "area": "VARCHAR", "user": "VARCHAR"
}'))
from live.raw.usage_rows
where gone_at is null)
order by happened_at, feature, id;
