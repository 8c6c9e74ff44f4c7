-- Which of the articles named may have too many pairs that are no copies once so many more are written, or have a
-- horizon beyond which none is kept. Asked before writing, as most have no such pair yet. Row by row: how long the lists
-- are is guessed far too high.
select given.article_id
  from unnest(%(article_ids)s::bigint[], %(added)s::integer[]) as given (article_id, added)
  join core.memberships m on m.article_id = given.article_id
 where m.horizon_at is not null
    or given.added + (select count(*)
                        from (select from core.matches where article_a = given.article_id and kind <> 'copy'
                              union all
                              select from core.matches where article_b = given.article_id and kind <> 'copy'
                              limit %(most)s::integer + 1) others) > %(most)s::integer
