-- Writes or changes one site; the pace of hosts that exist already follows.
with written as (
    insert into core.sites as s (site, url, kind, spec, delay_s, politeness, daily_quota)
    values (%(site)s, %(url)s, %(kind)s, %(spec)s, %(delay_s)s, %(politeness)s, %(daily_quota)s)
    on conflict (site) do update
       set url = excluded.url, kind = excluded.kind, spec = excluded.spec, delay_s = excluded.delay_s,
           politeness = excluded.politeness, daily_quota = excluded.daily_quota, changed_at = now()
    returning s.site, s.delay_s, s.daily_quota, (xmax = 0) as is_new
), paced as (
    update core.hosts h
       set delay_s = coalesce(w.delay_s, %(default_delay_s)s), daily_quota = coalesce(w.daily_quota, h.daily_quota)
      from written w
     where h.site = w.site
)
select is_new from written
