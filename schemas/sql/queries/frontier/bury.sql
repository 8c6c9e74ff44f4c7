-- Ends the claims of crawlers that are known to be dead; their hosts pause as after a request.
with dead as (
    update core.crawlers set ended_at = now() where crawler_id = any(%(crawler_ids)s) and ended_at is null
), held as materialized (
    select host_key from core.hosts where claimed_by = any(%(crawler_ids)s) order by host_key for update
)
update core.hosts h
   set claim_token = null, claimed_by = null, claimed_at = null, claim_until = null, claimed_url_id = null,
       next_at = now() + greatest(h.delay_s, h.crawl_delay_s) * interval '1 second',
       ready_at = now() + greatest(h.delay_s, h.crawl_delay_s) * interval '1 second'
  from held where h.host_key = held.host_key
returning h.host_key
