-- Settles claims: what became of the URL, when the host may be asked next, the log, the ledger of published pages.
--
-- %(settlements)s: jsonb array. Only a claim whose token still stands is settled; the rows name those.
-- The host's pause counts from the end of the exchange, which is this statement's now less the time since (and never
-- before the claim).
with given as materialized (
    select * from jsonb_to_recordset(%(settlements)s::jsonb) as g (
        token uuid, host_key text, url_id bigint, state text, reason text, due_in_s double precision,
        url text, found_url text, authority text, next_site text, next_host text, hops smallint, url_failures smallint, poll jsonb,
        pause_s double precision, failures integer, streak smallint, is_failure boolean, is_back_off boolean, crawl_delay_s real,
        was_sent boolean, outcome text, status smallint, elapsed_s double precision, ended_ago_s double precision,
        size_bytes integer,
        content_type text, address inet, noindex text, retry_after_s real, page jsonb, left_out jsonb)
), held as materialized (
    select h.host_key, h.claim_token, h.claimed_at, h.claimed_by,
           greatest(h.claimed_at, now() - g.ended_ago_s * interval '1 second') as ended_at
      from core.hosts h join given g
        on h.host_key = g.host_key and h.claim_token = g.token
     order by h.host_key for update of h
), moves as materialized (
    -- A redirect that left the row but changed whom to ask.
    select g.token, g.next_site, coalesce(s.is_paused, false) as is_paused, s.delay_s, s.daily_quota,
           case when s.politeness = 'host' then g.next_host
                when s.politeness like 'group:%%' then s.politeness
                else g.next_site end as host_key
      from given g join held on held.claim_token = g.token left join core.sites s on s.site = g.next_site
     where g.next_site is not null
), new_hosts as (
    insert into core.hosts (host_key, site, delay_s, is_paused, daily_quota, offers)
    select distinct on (host_key) host_key, next_site, coalesce(delay_s, %(delay_s)s), is_paused,
           coalesce(daily_quota, 5000), 1
      from moves order by host_key
    on conflict (host_key) do nothing
), host as (
    update core.hosts h
       set claim_token = null, claimed_by = null, claimed_at = null, claim_until = null, claimed_url_id = null,
           crawl_delay_s = coalesce(g.crawl_delay_s, h.crawl_delay_s),
           next_at = t.next_at,
           ready_at = greatest(t.next_at, now()),
           failures = g.failures,
           streak = g.streak,
           last_failure_at = case when g.is_failure then held.ended_at else h.last_failure_at end,
           back_off_until = case when g.is_back_off then t.next_at end,
           back_off_reason = case when g.is_back_off then g.outcome end,
           address = coalesce(g.address, h.address)
      from held
      join given g on g.token = held.claim_token
      join core.hosts old on old.host_key = held.host_key
      cross join lateral (
          select case when g.was_sent
                      then held.ended_at + greatest(old.delay_s, coalesce(g.crawl_delay_s, old.crawl_delay_s), g.pause_s)
                                   * interval '1 second'
                      else greatest(old.next_at, now() + g.pause_s * interval '1 second') end as next_at) t
     where h.host_key = held.host_key
), url as (
    update core.urls u
       set state = g.state, reason = g.reason, settled_at = now(), tries = 0,
           failures = coalesce(g.url_failures, 0), hops = coalesce(g.hops, u.hops),
           due_at = now() + coalesce(g.due_in_s, 0) * interval '1 second',
           url = coalesce(g.url, u.url), found_url = coalesce(g.found_url, u.found_url),
           authority = coalesce(g.authority, u.authority), host_key = coalesce(m.host_key, u.host_key),
           poll = coalesce(g.poll, u.poll), left_out = coalesce(g.left_out, u.left_out),
           status = coalesce(g.status, u.status),
           page_id = coalesce((g.page ->> 'page_id')::uuid, u.page_id),
           fetched_at = case when g.was_sent then held.ended_at else u.fetched_at end
      from given g join held on held.claim_token = g.token left join moves m on m.token = g.token
     where u.url_id = g.url_id
    returning u.url_id, u.site, u.kind
), logged as (
    insert into core.fetches (fetched_at, claimed_at, elapsed_s, host_key, site, url_id, url, kind, crawl_id, crawler_id,
                              status, outcome, reason, size_bytes, content_type, address, noindex, retry_after_s,
                              pause_s, page_id)
    select held.ended_at, held.claimed_at, g.elapsed_s, g.host_key, u.site, g.url_id, u.url, u.kind,
           %(crawl_id)s, held.claimed_by, g.status, g.outcome, g.reason, g.size_bytes, g.content_type, g.address,
           g.noindex, g.retry_after_s, g.pause_s, (g.page ->> 'page_id')::uuid
      from given g join held on held.claim_token = g.token
      join core.urls u on u.url_id = g.url_id
     where g.was_sent
), published as (
    insert into core.pages (page_id, url_key, url, site, crawl_id, found_by, fetched_at)
    select (g.page ->> 'page_id')::uuid, g.page ->> 'url_key', g.page ->> 'url', g.page ->> 'site', %(crawl_id)s,
           g.page ->> 'found_by', (g.page ->> 'fetched_at')::timestamptz
      from given g join held on held.claim_token = g.token
     where g.page is not null
     order by 1
    on conflict (page_id) do nothing
), moved as (
    update core.hosts h
       set offers = h.offers + 1,
           ready_at = case when h.claim_token is null then least(h.ready_at, greatest(h.next_at, now()))
                           else h.ready_at end
     where h.host_key in (select host_key from moves where host_key not in (select host_key from held))
)
select claim_token from held
