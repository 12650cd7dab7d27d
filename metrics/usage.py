"""Usage: whether customers use what was built. It comes from the files dropped into the folder `usage`."""

from metrics.metric import Metric

FILES = "Read from the files in the folder usage."
AREA = "coalesce(area, 'not set')"
# Every period in which anything was known of use, with everything used in it.
USED = f"""
    select ends, feature, {AREA} as area, sum(count) as uses
    from periods
    join usage on happened_at >= starts and happened_at < ends
    where count > 0
    group by all
"""

METRICS = (
    Metric(
        name="feature_use",
        title="Use of features",
        unit="uses",
        better="up",
        fold="sum",
        about=f"How often the product's features were used, by day; by kind it is the trend of each feature. {FILES}",
        caution="Often used is not useful: a broken button is pressed twice. A file that is not there yet leaves the last weeks out.",
        asks=(
            "What do people do with it that nobody had in mind?",
            "Which feature would nobody miss?",
        ),
        needs=("usage",),
        signal="log",
        sql=f"""
            select
                happened_at,
                count as value,
                {AREA} as area,
                feature as kind,
                feature as what,
                null as url
            from usage
        """,
    ),
    Metric(
        name="active_areas",
        title="Areas that use the product",
        unit="areas",
        better="up",
        fold="count",
        about=f"Areas of the usage files, such as teams or customers, with at least one use in the period. {FILES}",
        caution="One use counts as much as a thousand. A period that is longer holds more areas: compare weeks with weeks.",
        asks=(
            "Which area began or ceased, and what happened there?",
            "What would bring back those that tried it once?",
        ),
        needs=("usage",),
        signal="root",
        sql=f"""
            select
                ends - interval 1 microsecond as happened_at,
                1 as value,
                area,
                'in use' as kind,
                concat(area, ', ', sum(uses)::bigint, ' uses') as what,
                null as url
            from ({USED})
            where area <> 'not set'
            group by ends, area
        """,
    ),
    Metric(
        name="feature_adoption",
        title="Adoption",
        unit="of areas",
        better="up",
        fold="share",
        about="For every feature and every area known by the end of the period, whether the area used the feature in it; by kind it is"
        f" the share of areas that use one feature. {FILES}",
        caution="Not every area needs every feature, and an area that left counts for ever. The longer the period, the higher it is.",
        asks=(
            "Which feature do areas try once and leave?",
            "What keeps the areas that do not use it from it?",
        ),
        needs=("usage",),
        minimum=5,
        signal="logit",
        sql=f"""
            with first_use as (
                select feature, {AREA} as area, happened_at from usage where count > 0 and area is not null
            ),
            features as (select feature, min(happened_at) as since from first_use group by all),
            areas as (select area, min(happened_at) as since from first_use group by all),
            used as (from ({USED}))
            select
                p.ends - interval 1 microsecond as happened_at,
                ((p.ends, f.feature, a.area) in (select (ends, feature, area) from used))::int as value,
                a.area,
                f.feature as kind,
                concat(a.area, ', ', f.feature) as what,
                null as url
            from periods p
            join features f on f.since < p.ends
            join areas a on a.since < p.ends
        """,
    ),
    Metric(
        name="active_people",
        title="People who use the product",
        unit="people",
        better="up",
        fold="count",
        about="Distinct people with at least one use in the period, in the area they used it most in. Who they are is not kept: a"
        f" keyed hash tells them apart, and fewer than five are never shown. {FILES}",
        caution="Somebody with two logins counts twice. Uses without a user in the file are nobody's.",
        asks=(
            "What brought people here for the first time?",
            "What are people missing that came once?",
        ),
        needs=("usage",),
        signal="root",
        private=True,
        sql=f"""
            select
                ends - interval 1 microsecond as happened_at,
                1 as value,
                max_by(area, {{'uses': uses, 'area': area}}) as area,
                'people' as kind,
                'somebody' as what,
                null as url,
                user_hash as who
            from (
                select ends, {AREA} as area, user_hash, sum(count) as uses
                from periods
                join usage on happened_at >= starts and happened_at < ends
                where count > 0
                    and user_hash is not null
                group by all
            )
            group by ends, user_hash
        """,
    ),
)
