select core.ensure_sketch_partition(week)
  from (select distinct core.sketch_week(seen_at) as week from unnest(%(seen_at)s::timestamptz[]) as seen_at) weeks
 order by week
