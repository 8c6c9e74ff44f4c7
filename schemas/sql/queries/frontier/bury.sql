-- Ends the claims of crawlers that are known to be dead; their hosts pause as after a request, which is logged as abandoned.
with dead as (
    update core.crawlers set ended_at = now() where crawler_id = any(%(crawler_ids)s) and ended_at is null
), held as materialized (
    select host_key, claimed_at, claimed_by, claimed_url_id from core.hosts
     where claimed_by = any(%(crawler_ids)s) order by host_key for update
), logged as (
    insert into core.fetches (fetched_at, claimed_at, elapsed_s, host_key, site, url_id, url, kind, crawl_id, crawler_id,
                              outcome, reason, pause_s)
    select now(), held.claimed_at, extract(epoch from now() - held.claimed_at), held.host_key, u.site, u.url_id, u.url,
           u.kind, c.crawl_id, held.claimed_by, 'abandoned', 'its crawler died; it may have been sent', 0
      from held join core.urls u on u.url_id = held.claimed_url_id
      join core.crawlers c on c.crawler_id = held.claimed_by
)
update core.hosts h
   set claim_token = null, claimed_by = null, claimed_at = null, claim_until = null, claimed_url_id = null,
       next_at = now() + greatest(h.delay_s, h.crawl_delay_s) * interval '1 second',
       ready_at = now() + greatest(h.delay_s, h.crawl_delay_s) * interval '1 second'
  from held where h.host_key = held.host_key
returning h.host_key
