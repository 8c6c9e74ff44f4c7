-- Makes the robots.txt of authorities due at once: its rules are missing or too old to be used.
with given as materialized (
    select * from jsonb_to_recordset(%(urls)s::jsonb) as g (authority text, site text, host_key text)
), known as (
    insert into core.robots (authority) select authority from given order by authority
    on conflict (authority) do nothing
), url as (
    insert into core.urls as u (url_key, url, site, host_key, authority, kind, priority, state, found_by)
    select 'robots:' || authority, authority || '/robots.txt', site, host_key, authority, 'robots', 0, 'due', 'seed'
      from given order by 1
    on conflict (url_key) do update set state = 'due', due_at = now()
       where u.state = 'waiting' and not exists (select from core.robots r where r.authority = u.authority
                                                    and r.expires_at > now())
    returning u.host_key
), woken as (
    update core.hosts h
       set offers = h.offers + 1,
           ready_at = case when h.claim_token is null then least(h.ready_at, greatest(h.next_at, now()))
                           else h.ready_at end
     where h.host_key in (select host_key from url)
)
select count(*) from url
