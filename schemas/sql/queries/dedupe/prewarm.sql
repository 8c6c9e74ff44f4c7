-- The indexes into the server's memory, where they are on a server that has been running for a while.
select count(pg_prewarm(c.oid))
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = 'core' and c.relkind = 'i'
