-- Extends the claims that this crawler still holds; the rows are the tokens that are still good.
with held as materialized (
    select host_key from core.hosts where claim_token = any(%(tokens)s::uuid[]) order by host_key for update
)
update core.hosts h
   set claim_until = now() + %(lease_s)s * interval '1 second',
       ready_at = now() + (%(lease_s)s + greatest(h.delay_s, h.crawl_delay_s)) * interval '1 second'
  from held where h.host_key = held.host_key and h.claim_token = any(%(tokens)s::uuid[])
returning h.claim_token
