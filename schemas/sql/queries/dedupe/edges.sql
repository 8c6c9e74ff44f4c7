-- All matches between two of the articles named.
select article_a, article_b, kind, jaccard, containment_a_in_b, containment_b_in_a
  from core.matches
 where article_a = any(%(article_ids)s::bigint[]) and article_b = any(%(article_ids)s::bigint[])
