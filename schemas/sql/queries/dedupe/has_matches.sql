-- Whether any of these articles has a match; most have none when they are looked up for the first time.
select exists (select from core.matches where article_a = any(%(article_ids)s::bigint[]))
    or exists (select from core.matches where article_b = any(%(article_ids)s::bigint[]))
