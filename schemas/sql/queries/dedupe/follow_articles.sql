-- Sketches follow the time at which their article was first seen: an older page of it may have been worked since.
update core.sketches s set first_seen_at = a.first_seen_at
  from core.articles a
 where a.article_id = any(%(article_ids)s::bigint[]) and s.article_id = a.article_id
   and s.first_seen_at <> a.first_seen_at
