-- Drops the spans of sketches that end by then; what they were. Measured before they go ("materialized").
with held as materialized (
    select c.relname::text as partition, span.starts_at, pg_total_relation_size(c.oid) as size_bytes
      from pg_inherits i
      join pg_class c on c.oid = i.inhrelid
      cross join lateral (
          select to_timestamp(substr(c.relname, 10) || ' 00:00:00 +00', 'YYYYMMDD HH24:MI:SS TZH') as starts_at
      ) span
     where i.inhparent = 'core.sketches'::regclass
), measured as materialized (
    select count(*) from held
)
select held.partition, held.starts_at as seen_from, held.starts_at + interval '28 days' as seen_until, held.size_bytes
  from measured
  cross join lateral core.drop_sketches_before(%(before)s::text::timestamptz) as dropped (partition)
  join held on held.partition = dropped.partition
 order by held.starts_at
