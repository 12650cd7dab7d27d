"""Knowledge: how many people know each part of the system, and never which."""

from metrics.metric import Metric

RULE = (
    "A component is a folder: one that team.toml names under [knowledge], else one of CODEOWNERS, else the first levels of"
    " folders. Somebody knows it after writing three merged changes to it or reviewing five, in twelve months; those older than"
    " six months count half."
)
HALF_A_YEAR = "A repository has no value before it has been read for half a year."
NEEDS = """
    case depth
        when 0 then 'needs somebody to know it'
        when 1 then 'needs a second person'
        when 2 then 'two people know it'
        else 'three or more know it'
    end
"""

METRICS = (
    Metric(
        name="knowledge_depth",
        title="Knowledge depth",
        unit="people",
        better="up",
        fold="median",
        about="For every component that changed in the twelve months before, how many people knew it when the last whole month"
        f" ended; 3 stands for three or more. {RULE} {HALF_A_YEAR}",
        caution="What is in documents, or in the heads of people who no longer change it, is not seen. A part that hardly changes"
        " looks known by nobody, and a sweeping rename looks like knowledge.",
        asks=(
            "Which component would we like a second person to learn next?",
            "Which planned change could two people make together?",
        ),
        minimum=5,
        sql=f"""
            select happened_at, value, area, kind, what, url
            from (
                select
                    ends - interval 1 microsecond as happened_at,
                    date_trunc('month', timezone($zone, timezone('UTC', ends)))::date - interval 1 month as month,
                from periods
            )
            join (
                -- once for each month, and not for every week in which it was the last
                select
                    month,
                    if(history < 6, null, depth) as value,
                    split_part(k.repo, '/', -1) as area,
                    {NEEDS} as kind,
                    concat(split_part(k.repo, '/', -1), ' ', k.component) as what,
                    url,
                from knowledge k
                left join components on id = component_id
            ) using (month)
        """,
    ),
    Metric(
        name="thinly_known_share",
        title="Changes to what one person knows",
        unit="share of changes",
        better="down",
        fold="share",
        about="The share of merged changes that touched a component known by one person or nobody when the month before had"
        f" ended: components at risk, weighted by how often they change. {RULE} {HALF_A_YEAR}",
        caution="A change counts once for each component it touches. New components begin here and leave with time. It says where"
        " knowledge is thin, not that anybody holds it back.",
        asks=(
            "Where would a change hurt most if one person were away?",
            "Which review could be a lesson for a second person?",
        ),
        minimum=8,
        signal="logit",
        sql=f"""
            select
                merged_at as happened_at,
                if(history < 6, null, depth <= 1)::integer as value,
                split_part(repo, '/', -1) as area,
                {NEEDS} as kind,
                concat(split_part(repo, '/', -1), ' ', component) as what,
                url
            from component_changes
            join components on id = component_id
        """,
    ),
    Metric(
        name="review_evenness",
        title="Evenness of reviews",
        unit="of 1",
        better="steady",
        fold="median",
        about="How evenly the reviews of each month's merged pull requests lay on all who took part: 1 when everybody reviewed as"
        " many, near 0 when one person reviewed all. Told for the whole team only, and only with five people or more.",
        caution="Even is not the aim: people in training, on leave or on other work review less. Evenly few is still few.",
        asks=(
            "How does a change find its review today?",
            "What would let more of us review what we do not know yet?",
        ),
        sql="""
            select
                timezone('UTC', timezone($zone, month + interval 1 month)) - interval 1 microsecond as happened_at,
                evenness as value,
                'the whole team' as area,
                'reviews' as kind,
                concat(reviews, ' reviews of the pull requests merged in ', strftime(month, '%B %Y')) as what,
                null as url
            from review_evenness
        """,
    ),
)
