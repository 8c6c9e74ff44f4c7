-- In the order of the ids, as matches are taken away in: no two wait for each other.
with sent as materialized (
    select m.article_a, m.article_b
      from unnest(%(article_a)s::bigint[], %(article_b)s::bigint[], %(version_a)s::integer[], %(version_b)s::integer[])
           as given (article_a, article_b, version_a, version_b)
      join core.matches m using (article_a, article_b)
     where m.version_a = given.version_a and m.version_b = given.version_b and m.announced_at is null
     order by m.article_a, m.article_b
       for no key update of m
)
update core.matches m set announced_at = now()
  from sent where m.article_a = sent.article_a and m.article_b = sent.article_b
