-- Whoever sketches an article holds its row, so that two workers with one page take turns.
select article_id, version, first_seen_at
  from core.articles where article_id = any(%(article_ids)s::bigint[]) order by article_id
   for no key update
