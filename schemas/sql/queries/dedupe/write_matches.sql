insert into core.matches (article_a, article_b, version_a, version_b, kind, jaccard, containment_a_in_b,
                          containment_b_in_a, longest_passage_words)
select article_a, article_b, version_a, version_b, (%(kinds)s::text[])[kind + 1], jaccard, a_in_b, b_in_a, longest
  from unnest(%(article_a)s::bigint[], %(article_b)s::bigint[], %(version_a)s::integer[], %(version_b)s::integer[],
              %(kind)s::integer[], %(jaccard)s::real[], %(a_in_b)s::real[], %(b_in_a)s::real[], %(longest)s::integer[])
       as found (article_a, article_b, version_a, version_b, kind, jaccard, a_in_b, b_in_a, longest)
on conflict (article_a, article_b) do update
   set version_a = excluded.version_a, version_b = excluded.version_b, kind = excluded.kind,
       jaccard = excluded.jaccard, containment_a_in_b = excluded.containment_a_in_b,
       containment_b_in_a = excluded.containment_b_in_a, longest_passage_words = excluded.longest_passage_words,
       matched_at = clock_timestamp(),
       announced_at = case when (matches.version_a, matches.version_b, matches.kind)
                                = (excluded.version_a, excluded.version_b, excluded.kind) then matches.announced_at end
 where (matches.version_a, matches.version_b, matches.kind, matches.jaccard, matches.containment_a_in_b,
        matches.containment_b_in_a)
       is distinct from
       (excluded.version_a, excluded.version_b, excluded.kind, excluded.jaccard, excluded.containment_a_in_b,
        excluded.containment_b_in_a)
