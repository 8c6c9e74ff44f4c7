-- Writes or changes one site; the pace of hosts that exist already follows at once. A delay or a quota that was set before
-- stands where the list does not name one.
with written as (
    insert into core.sites as s (site, url, kind, spec, delay_s, politeness, daily_quota)
    values (%(site)s, %(url)s, %(kind)s, %(spec)s, %(delay_s)s, %(politeness)s, %(daily_quota)s)
    on conflict (site) do update
       set url = excluded.url, kind = excluded.kind, spec = excluded.spec, politeness = excluded.politeness,
           delay_s = coalesce(excluded.delay_s, s.delay_s), daily_quota = coalesce(excluded.daily_quota, s.daily_quota),
           changed_at = now()
    returning s.site, s.delay_s, s.daily_quota, (xmax = 0) as is_new
)
select is_new, core.set_pace(site, coalesce(delay_s, %(default_delay_s)s), daily_quota) from written
