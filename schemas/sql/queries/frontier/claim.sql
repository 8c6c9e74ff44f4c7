-- Claims the best due URL of up to %(limit)s hosts that are ready, one each, until %(lease_s)s seconds from now.
--
-- The best one has the least priority number; of these the newest story comes first, those without a date last.
-- A host without a due URL goes to sleep, unless one came in since this statement's snapshot. A URL that was claimed
-- %(max_tries)s times and never settled is quarantined. After a claim that is never settled the host is ready at the
-- claim's end and its pause, not earlier.
-- Hosts that will be ready within %(ahead_s)s seconds are claimed too; ready_in_s says when they may be asked.
-- A claim that has run out is logged as abandoned: its request may have been sent.
-- No more than %(address_cap)s hosts of one address are claimed at once, by all crawlers together: claims take turns,
-- and the turn is taken before any row is locked.
with busy as materialized (
    select address, claims from core.claims_by_address()
), ready as materialized (
    select h.host_key, h.offers, h.address, greatest(h.ready_at, now()) as ready_at,
           h.claim_token, h.claimed_at, h.claim_until, h.claimed_by, h.claimed_url_id
      from core.hosts h
     where h.ready_at <= now() + %(ahead_s)s * interval '1 second' and not h.is_paused
       and (h.claim_token is null or h.ready_at <= now())
       and (select count(*) from busy) >= 0
     order by h.ready_at limit %(limit)s
       for update skip locked
), abandoned as (
    insert into core.fetches (fetched_at, claimed_at, elapsed_s, host_key, site, url_id, url, kind, crawl_id, crawler_id,
                              outcome, reason, pause_s)
    select r.claim_until, r.claimed_at, extract(epoch from r.claim_until - r.claimed_at), r.host_key, u.site, u.url_id,
           u.url, u.kind, c.crawl_id, r.claimed_by, 'abandoned', 'its crawler died or froze; it may have been sent', 0
      from ready r join core.urls u on u.url_id = r.claimed_url_id join core.crawlers c on c.crawler_id = r.claimed_by
     where r.claim_token is not null
), picked as materialized (
    select r.host_key, r.offers = s.offers as is_seen, u.url_id, u.tries, r.is_crowded, r.ready_at
      from (select r.*, r.address is not null
                        and row_number() over (partition by r.address) + coalesce(b.claims, 0) > %(address_cap)s as is_crowded
              from ready r left join busy b using (address)) r
      join core.hosts s using (host_key)
      left join lateral (select url_id, tries from core.urls
                          where host_key = r.host_key and state = 'due' and not r.is_crowded
                          order by priority, hint_published_at desc nulls last, url_id limit 1) u on true
), quarantined as (
    update core.urls u
       set state = 'quarantined', reason = 'killed its crawler ' || u.tries || ' times', settled_at = now()
      from picked p where u.url_id = p.url_id and p.tries >= %(max_tries)s
), taken as (
    update core.urls u set tries = u.tries + 1
      from picked p where u.url_id = p.url_id and p.tries < %(max_tries)s
    returning u.*
), held as (
    update core.hosts h
       set claim_token = case when t.url_id is not null then gen_random_uuid() end,
           claimed_by = case when t.url_id is not null then %(crawler_id)s end,
           claimed_at = case when t.url_id is not null then p.ready_at end,
           claim_until = case when t.url_id is not null then now() + %(lease_s)s * interval '1 second' end,
           claimed_url_id = t.url_id,
           ready_at = case when t.url_id is not null
                           then now() + (%(lease_s)s + greatest(h.delay_s, h.crawl_delay_s)) * interval '1 second'
                           when p.is_crowded then now() + interval '0.25 second'
                           when p.url_id is not null or not p.is_seen then p.ready_at
                           else 'infinity' end
      from picked p left join taken t using (host_key)
     where h.host_key = p.host_key
    returning h.*
)
select h.claim_token, h.host_key, h.claimed_at, h.delay_s, h.failures, h.streak,
       extract(epoch from now() - h.last_failure_at)::double precision as last_failure_ago_s,
       extract(epoch from h.claimed_at - now())::double precision as ready_in_s,
       t.url_id, t.url_key, t.url, t.found_url, t.site, t.authority, t.kind, t.priority, t.hops, t.failures as url_failures,
       t.found_by, t.found_on, t.hint_title, t.hint_published_at, t.poll,
       t.is_probe, t.is_once, t.walk,
       r.state as robots_state, r.version as robots_version,
       extract(epoch from r.expires_at - now())::double precision as robots_expires_in_s,
       coalesce(r.expires_at <= now(), true) as is_robots_expired
  from held h join taken t on t.url_id = h.claimed_url_id left join core.robots r on r.authority = t.authority
