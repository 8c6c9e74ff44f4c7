-- Gives claims back that were not used up: the URL stays due and the claim is not counted against it.
with given as materialized (
    select * from jsonb_to_recordset(%(claims)s::jsonb) as g (host_key text, token uuid, was_sent boolean)
), held as materialized (
    select h.host_key, h.claimed_url_id, g.was_sent from core.hosts h join given g
        on h.host_key = g.host_key and h.claim_token = g.token
     order by h.host_key for update of h
), url as (
    update core.urls u set tries = greatest(u.tries - 1, 0) from held where u.url_id = held.claimed_url_id
), host as (
    update core.hosts h
       set claim_token = null, claimed_by = null, claimed_at = null, claim_until = null, claimed_url_id = null,
           next_at = case when held.was_sent
                          then now() + greatest(h.delay_s, h.crawl_delay_s) * interval '1 second' else h.next_at end,
           ready_at = case when held.was_sent
                           then now() + greatest(h.delay_s, h.crawl_delay_s) * interval '1 second'
                           else greatest(h.next_at, now()) end
      from held where h.host_key = held.host_key
)
select host_key from held
