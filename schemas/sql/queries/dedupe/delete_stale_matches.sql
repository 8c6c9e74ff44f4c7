-- Matches of these articles that do not hold any more: measured on a text that was replaced since, or not found again
-- although both sketches are there and within the window. A match that another worker wrote after this transaction
-- began may rest on a sketch that was not there when the candidates were looked up; it stays.
delete from core.matches m
 using core.articles a, core.articles b
 where a.article_id = m.article_a and b.article_id = m.article_b
   and (m.article_a = any(%(article_ids)s::bigint[]) or m.article_b = any(%(article_ids)s::bigint[]))
   and (m.version_a <> a.version
        or m.version_b <> b.version
        or (m.matched_at < now()
            and (%(window_days)s::integer = 0
                 or abs(extract(epoch from a.first_seen_at - b.first_seen_at)) <= %(window_days)s::integer * 86400)
            and not exists (select from unnest(%(found_a)s::bigint[], %(found_b)s::bigint[]) as found (a, b)
                             where found.a = m.article_a and found.b = m.article_b)
            and exists (select from core.sketches s
                         where s.article_id = a.article_id and s.first_seen_at = a.first_seen_at)
            and exists (select from core.sketches s
                         where s.article_id = b.article_id and s.first_seen_at = b.first_seen_at)))
