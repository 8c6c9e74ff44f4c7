-- Matches of these articles that do not hold any more: measured on a text that was replaced since, or not found again
-- (or as a copy where they were none, or the reverse) although both sketches are there, of the scheme in which was looked
-- up, and within the window. A match that another worker wrote after this transaction began may rest on a sketch that
-- was not there when the candidates were looked up; it stays.
with mine as (
    select article_a, article_b, version_a, version_b, matched_at, kind
      from core.matches where article_a = any(%(article_ids)s::bigint[])
    union
    select article_a, article_b, version_a, version_b, matched_at, kind
      from core.matches where article_b = any(%(article_ids)s::bigint[])
), stale as (
    select m.article_a, m.article_b
      from mine m
      join core.articles a on a.article_id = m.article_a
      join core.articles b on b.article_id = m.article_b
     where m.version_a <> a.version
        or m.version_b <> b.version
        or (m.matched_at < now()
            and (%(window_days)s::integer = 0
                 or abs(extract(epoch from a.first_seen_at - b.first_seen_at)) <= %(window_days)s::integer * 86400)
            and not exists (select from unnest(%(found_a)s::bigint[], %(found_b)s::bigint[], %(is_copy)s::integer[])
                                     as found (a, b, is_copy)
                             where found.a = m.article_a and found.b = m.article_b
                               and (found.is_copy = 1) = (m.kind = 'copy'))
            -- Counted, not "exists": that is planned as a join, which may read all sketches.
            and (select count(*) from core.sketches s
                  where s.article_id = a.article_id and s.first_seen_at = a.first_seen_at
                    and s.scheme_id = %(scheme_id)s) > 0
            and (select count(*) from core.sketches s
                  where s.article_id = b.article_id and s.first_seen_at = b.first_seen_at
                    and s.scheme_id = %(scheme_id)s) > 0)
), gone as materialized (
    select m.article_a, m.article_b
      from stale s join core.matches m using (article_a, article_b)
     order by m.article_a, m.article_b
       for update of m
)
delete from core.matches m using gone where m.article_a = gone.article_a and m.article_b = gone.article_b
returning m.article_a, m.article_b, m.kind = 'copy'
