select core.ensure_sketch_partition(span)
  from (select distinct core.sketch_span(seen_at) as span from unnest(%(seen_at)s::timestamptz[]) as seen_at) spans
 order by span
