delete from core.sketches s
 using unnest(%(article_ids)s::bigint[], %(seen_at)s::timestamptz[]) as old (article_id, first_seen_at)
 where s.article_id = old.article_id and s.first_seen_at = old.first_seen_at
