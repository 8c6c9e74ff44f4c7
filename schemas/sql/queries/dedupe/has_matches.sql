-- Whether any of these articles has a match; most have none when they are looked up for the first time. Article by
-- article: "exists" over all of them is planned as if a match were found at once, and reads the whole table.
select exists (
    select from unnest(%(article_ids)s::bigint[]) as wanted (article_id)
     cross join lateral (
         (select from core.matches where article_a = wanted.article_id limit 1)
         union all
         (select from core.matches where article_b = wanted.article_id limit 1)
     ) m)
