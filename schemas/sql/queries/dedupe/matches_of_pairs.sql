-- The matches between the pairs named, of any kind; article_a is the smaller id.
select m.article_a, m.article_b, m.kind, m.jaccard, m.containment_a_in_b, m.containment_b_in_a
  from unnest(%(article_a)s::bigint[], %(article_b)s::bigint[]) as wanted (article_a, article_b)
  join core.matches m using (article_a, article_b)
