select s.article_id, s.keys
  from core.articles a
  join core.sketches s on s.article_id = a.article_id and s.first_seen_at = a.first_seen_at
 where a.article_id = any(%(article_ids)s::bigint[])
