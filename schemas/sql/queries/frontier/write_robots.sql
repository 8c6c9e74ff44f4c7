-- Stores what the robots.txt of one authority said, and lets its URLs go or holds them back. Articles that were held
-- back for %(give_up_days)s days are given up: every URL has an end.
with rules as (
    insert into core.robots as r (authority, state, body, status, crawl_delay_s, fetched_at, expires_at, version)
    values (%(authority)s, %(state)s, %(body)s, %(status)s, %(crawl_delay_s)s, now(),
            now() + %(lifetime_s)s * interval '1 second', 1)
    on conflict (authority) do update
       set state = excluded.state, body = excluded.body, status = excluded.status,
           crawl_delay_s = excluded.crawl_delay_s, fetched_at = excluded.fetched_at,
           expires_at = excluded.expires_at, version = r.version + 1
), hosts as materialized (
    select host_key from core.hosts where site = %(site)s
), held_back as (
    -- One second later than the next try of robots.txt itself.
    update core.urls u
       set state = 'waiting', due_at = now() + (%(lifetime_s)s + 1) * interval '1 second', reason = 'robots_unavailable'
      from hosts
     where %(state)s = 'unavailable' and u.host_key = hosts.host_key and u.authority = %(authority)s
       and (u.state = 'due' or u.state = 'waiting' and u.reason in ('robots_unavailable', 'robots_pending'))
       and u.kind <> 'robots'
       and not (u.kind = 'article' and u.offered_at <= now() - %(give_up_days)s * interval '1 day')
), given_up as (
    update core.urls u
       set state = 'failed', reason = 'robots_unavailable', settled_at = now()
      from hosts
     where %(state)s = 'unavailable' and u.host_key = hosts.host_key and u.authority = %(authority)s
       and (u.state = 'due' or u.state = 'waiting' and u.reason in ('robots_unavailable', 'robots_pending'))
       and u.kind = 'article' and u.offered_at <= now() - %(give_up_days)s * interval '1 day'
), let_go as (
    update core.urls u set due_at = now(), reason = null
     where %(state)s <> 'unavailable' and u.authority = %(authority)s
       and u.state = 'waiting' and u.reason in ('robots_unavailable', 'robots_pending')
)
select 1
