-- Gauges of the whole frontier, the same from whichever crawler they are read.
select (select count(*) from core.sites where not is_paused) as sites,
       (select count(*) from core.hosts where claim_token is not null) as claims,
       (select count(*) from core.hosts where back_off_until > now()) as hosts_backing_off,
       (select count(*) from core.hosts where ready_at <= now() and not is_paused) as hosts_ready,
       (select coalesce(extract(epoch from now() - min(ready_at)), 0) from core.hosts
         where ready_at <= now() and not is_paused)::double precision as oldest_ready_s,
       (select count(*) from core.urls where state = 'due') as urls_due,
       (select count(*) from core.urls where state = 'waiting') as urls_waiting,
       (select count(*) from core.pages where outcome is null) as pages_open,
       (select extract(epoch from now() - max(last_new_at)) from core.sites
         where not is_paused)::double precision as last_new_ago_s,
       (select count(*) from core.sites
         where not is_paused and coalesce(last_new_at, added_at) < now() - %(silent_h)s * interval '1 hour') as sites_silent
