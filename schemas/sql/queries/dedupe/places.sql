-- Where the articles named stand in the order of all, and up to where they were looked up.
select a.article_id, core.known_by(a.published_at, a.published_certainty, a.first_seen_at), a.url_key,
       m.horizon_at, m.horizon_key
  from core.articles a
  left join core.memberships m on m.article_id = a.article_id
 where a.article_id = any(%(article_ids)s::bigint[])
