-- The stored sketches of the articles named; first_seen_at leads to the partition.
select s.article_id, s.version, s.site, s.revision, s.words, s.signature
  from core.articles a
  join core.sketches s on s.article_id = a.article_id and s.first_seen_at = a.first_seen_at
 where a.article_id = any(%(article_ids)s::bigint[]) and s.scheme_id = %(scheme_id)s
