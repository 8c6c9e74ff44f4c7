-- Bytes of the tables and indexes of the search for copies; partitions are summed.
select case when c.relname ~ '^sketches_\d{8}' then regexp_replace(c.relname, '^sketches_\d{8}', 'sketches') else c.relname end
           as name,
       sum(pg_relation_size(c.oid) + case when c.relkind = 'r' and c.reltoastrelid <> 0
                                          then pg_total_relation_size(c.reltoastrelid) else 0 end)::bigint as bytes
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = 'core' and c.relkind in ('r', 'i')
   and c.relname ~ '^(sketches|matches|clusters|memberships)'
 group by 1 order by 1
