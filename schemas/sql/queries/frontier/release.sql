-- Gives claims back that were not used up: the URL stays due and the claim is not counted against it. What may have been
-- sent is logged as abandoned.
with given as materialized (
    select * from jsonb_to_recordset(%(claims)s::jsonb) as g (host_key text, token uuid, was_sent boolean)
), held as materialized (
    select h.host_key, h.claimed_url_id, h.claimed_at, h.claimed_by, g.was_sent from core.hosts h join given g
        on h.host_key = g.host_key and h.claim_token = g.token
     order by h.host_key for update of h
), url as (
    update core.urls u set tries = greatest(u.tries - 1, 0) from held where u.url_id = held.claimed_url_id
), logged as (
    insert into core.fetches (fetched_at, claimed_at, elapsed_s, host_key, site, url_id, url, kind, crawl_id, crawler_id,
                              outcome, reason, pause_s)
    select greatest(now(), held.claimed_at), held.claimed_at, extract(epoch from greatest(now() - held.claimed_at, interval '0')),
           held.host_key, u.site, u.url_id, u.url, u.kind, c.crawl_id, held.claimed_by, 'abandoned',
           'its crawler gave it up; it may have been sent', 0
      from held join core.urls u on u.url_id = held.claimed_url_id
      join core.crawlers c on c.crawler_id = held.claimed_by
     where held.was_sent
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
