-- In the order of the ids, as events are marked in: no two wait for each other.
with gone as materialized (
    select m.article_a, m.article_b
      from unnest(%(article_a)s::bigint[], %(article_b)s::bigint[]) as given (article_a, article_b)
      join core.matches m using (article_a, article_b)
     order by m.article_a, m.article_b
       for update of m
)
delete from core.matches m using gone where m.article_a = gone.article_a and m.article_b = gone.article_b
