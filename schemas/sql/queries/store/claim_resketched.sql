-- Claims the oldest notes that nobody has claimed. A claim ends with the session that made it, so that those of a worker
-- that died are free at once (its process id may have gone to a session that began later); after ten minutes in
-- any case, for a worker whose machine went away may leave its session behind. One's own are free too: they
-- are of an attempt that failed.
with sessions as materialized (
    select pid, backend_start from pg_stat_activity where pid <> pg_backend_pid()
), free as materialized (
    select note_id
      from core.resketched r
     where claimed_by is null
        or claimed_at < now() - interval '10 minutes'
        or not exists (select from sessions s where s.pid = r.claimed_by and s.backend_start <= r.claimed_at)
     order by note_id
     limit %(limit)s
       for no key update skip locked
)
update core.resketched r set claimed_by = pg_backend_pid(), claimed_at = clock_timestamp(), tries = r.tries + 1
  from free where r.note_id = free.note_id
returning r.note_id, r.article_id, r.tries;
