-- Matches of these articles that were measured on a text that is no longer theirs, or that were not found again.
delete from core.matches m
 using core.articles a, core.articles b
 where a.article_id = m.article_a and b.article_id = m.article_b
   and (m.article_a = any(%(article_ids)s::bigint[]) or m.article_b = any(%(article_ids)s::bigint[]))
   and (m.version_a <> a.version or m.version_b <> b.version)
