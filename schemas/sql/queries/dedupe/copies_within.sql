-- Copies of which the first end is named; with all articles that copies connect, all copies between them.
select article_a, article_b, jaccard, containment_a_in_b, containment_b_in_a
  from core.matches where article_a = any(%(article_ids)s::bigint[]) and kind = 'copy'
