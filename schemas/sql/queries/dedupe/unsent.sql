-- Copies among the articles' matches whose event was not acknowledged yet.
select m.article_a, m.version_a, a.url, a.site, m.article_b, m.version_b, b.url, b.site, m.jaccard,
       m.containment_a_in_b, m.containment_b_in_a, m.matched_at,
       core.source_of_pair(a, b, ma, mb) as copied_from
  from core.matches m
  join core.articles a on a.article_id = m.article_a
  join core.articles b on b.article_id = m.article_b
  join core.memberships ma on ma.article_id = m.article_a
  join core.memberships mb on mb.article_id = m.article_b
 where m.kind = 'copy' and m.announced_at is null
   and (m.article_a = any(%(article_ids)s::bigint[]) or m.article_b = any(%(article_ids)s::bigint[]))
 order by m.article_a, m.article_b
