-- What the sketches of the articles named were made of, where they were made another way than today.
select s.article_id, s.version, s.site, s.first_seen_at, s.words
  from core.articles a
  join core.sketches s on s.article_id = a.article_id and s.first_seen_at = a.first_seen_at and s.version = a.version
 where a.article_id = any(%(article_ids)s::bigint[]) and s.scheme_id <> %(scheme_id)s
