update core.matches m set announced_at = now()
  from unnest(%(article_a)s::bigint[], %(article_b)s::bigint[], %(version_a)s::integer[], %(version_b)s::integer[])
       as sent (article_a, article_b, version_a, version_b)
 where m.article_a = sent.article_a and m.article_b = sent.article_b
   and m.version_a = sent.version_a and m.version_b = sent.version_b and m.announced_at is null
