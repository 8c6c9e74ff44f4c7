-- Every article that verified copies connect with the seeds, and the unit that guards it: the row of the smallest
-- member of its cluster, or its own.
with recursive reached (article_id) as (
    select seed from unnest(%(seeds)s::bigint[]) as seed
    union
    select case when m.article_a = r.article_id then m.article_b else m.article_a end
      from reached r
      cross join lateral (
          select article_a, article_b from core.matches where article_a = r.article_id and kind = 'copy'
          union all
          select article_a, article_b from core.matches where article_b = r.article_id and kind = 'copy'
      ) m
)
select r.article_id, m.unit, m.is_cluster
  from reached r
  -- Row by row: how many are reached is guessed far too high, and a join would read all memberships.
  cross join lateral (
      select coalesce(cluster_id, article_id) as unit, cluster_id is not null as is_cluster
        from core.memberships where article_id = r.article_id offset 0
  ) m
