-- Makes due what has waited long enough, and wakes the hosts.
with ripe as materialized (
    select url_id, host_key from core.urls
     where state = 'waiting' and due_at <= now() order by due_at limit 1000
       for update skip locked
), woken as (
    update core.urls u set state = 'due' from ripe r where u.url_id = r.url_id
), hosts as materialized (
    select h.host_key from core.hosts h where h.host_key in (select host_key from ripe) order by h.host_key for update
), ready as (
    update core.hosts h
       set offers = h.offers + 1,
           ready_at = case when h.claim_token is null then least(h.ready_at, greatest(h.next_at, now()))
                           else h.ready_at end
      from hosts where h.host_key = hosts.host_key
)
select count(*) from ripe
