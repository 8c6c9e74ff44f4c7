-- The log's daily partitions.

create or replace function core.keep_fetches(keep_days integer) returns void
language plpgsql as $$
declare
    day date;
    old record;
begin
    -- One crawler at a time; the others need not wait for it.
    if not pg_try_advisory_xact_lock(hashtext('core.keep_fetches')) then
        return;
    end if;
    for day in select generate_series(((now() at time zone 'UTC')::date), ((now() at time zone 'UTC')::date) + 3, interval '1 day')::date loop
        if to_regclass(format('core.fetches_%s', to_char(day, 'YYYYMMDD'))) is null then
            begin
                execute format('create table core.fetches_%s partition of core.fetches for values from (%L) to (%L)',
                               to_char(day, 'YYYYMMDD'), day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC');
            exception when check_violation then
                -- Rows of that day are in core.fetches_rest already; they stay there.
                null;
            end;
        end if;
    end loop;
    for old in
        select c.relname from pg_class c join pg_inherits i on i.inhrelid = c.oid
         where i.inhparent = 'core.fetches'::regclass and c.relname ~ '^fetches_\d{8}$'
           and to_date(right(c.relname, 8), 'YYYYMMDD') < ((now() at time zone 'UTC')::date) - keep_days
    loop
        execute format('drop table core.%I', old.relname);
    end loop;
    delete from core.fetches_rest where fetched_at < ((now() at time zone 'UTC')::date) - keep_days;
end $$;

-- Gives the hosts of a site another pause, and another quota unless it is null. The time before which a host may not be
-- asked moves by the difference, unless it is a back-off; a claim's end moves too, as the pause follows it.
create or replace function core.set_pace(of_site text, new_delay_s double precision, new_quota integer) returns void
language sql as $$
    with held as materialized (
        select host_key from core.hosts where site = of_site order by host_key for update
    )
    update core.hosts h
       set delay_s = new_delay_s,
           daily_quota = coalesce(new_quota, h.daily_quota),
           next_at = case when m.is_backing_off then h.next_at else h.next_at + m.shift end,
           ready_at = case when h.ready_at = 'infinity' then h.ready_at
                           when h.claim_token is not null then h.ready_at + m.shift
                           when m.is_backing_off then h.ready_at
                           else greatest(h.next_at + m.shift, now()) end
      from held
      join core.hosts o using (host_key)
      cross join lateral (
          select coalesce(o.back_off_until > now(), false) as is_backing_off,
                 (greatest(new_delay_s, o.crawl_delay_s) - greatest(o.delay_s, o.crawl_delay_s))
                 * interval '1 second' as shift) m
     where h.host_key = held.host_key
$$;

-- Whether nothing may be fetched from a host because a robots.txt of it could not be read.
create or replace function core.has_no_robots(of_site text, of_host text) returns boolean
language sql stable as $$
    select exists (select from core.urls u join core.robots r using (authority)
                    where u.site = of_site and u.kind = 'robots' and u.host_key = of_host
                      and r.state = 'unavailable' and r.expires_at > now())
$$;

-- What is left of one pass over all sites that are not paused, a row per open URL.
--
-- 'due': to be fetched now. 'soon': a retry that comes within the patience. 'deferred': one that comes later, or whose
-- host backs off for longer or for the second time in a row (one that always asks for a short pause would hold a pass up
-- for hours); a pass does not wait for it. 'revisit': a document that was read, or a robots.txt. A document
-- with hops is on its way to where a redirect has sent it for now.
create or replace function core.open_pass(patience_s double precision)
returns table (site text, kind text, standing text)
language sql stable as $$
    select u.site, u.kind,
           case when u.state = 'waiting' and u.due_at > now() and u.reason is distinct from 'robots_pending'
                     and (u.kind = 'robots' or u.poll is not null and u.failures = 0 and u.hops = 0) then 'revisit'
                when greatest(case when u.state = 'waiting' then u.due_at end, h.back_off_until)
                     > now() + patience_s * interval '1 second' then 'deferred'
                when h.failures >= 2 and h.back_off_until > now() then 'deferred'
                when u.state = 'due' then 'due'
                else 'soon' end
      from core.urls u join core.hosts h using (host_key)
     where u.state in ('due', 'waiting') and not h.is_paused
$$;

-- ---------------------------------------------------------------------------------------------- what analysts read

create or replace view wiretrace.sites as
select s.site, s.url, s.kind, s.is_paused,
       coalesce(h.delay_s, s.delay_s)::numeric::double precision as delay_s,
       coalesce(h.crawl_delay_s, 0)::numeric::double precision as crawl_delay_s,
       coalesce(u.documents, 0) as documents, coalesce(u.urls, 0) as urls, coalesce(u.due, 0) as due,
       coalesce(u.waiting, 0) as waiting, coalesce(u.fetched, 0) as fetched, coalesce(u.denied, 0) as denied,
       coalesce(u.dropped, 0) as dropped, coalesce(u.failed, 0) as failed,
       h.back_off_until, h.back_off_reason, s.last_new_at, s.added_at
  from core.sites s
  left join lateral (
      select max(delay_s) as delay_s, max(crawl_delay_s) as crawl_delay_s,
             max(back_off_until) filter (where back_off_until > now()) as back_off_until,
             max(back_off_reason) filter (where back_off_until > now()) as back_off_reason
        from core.hosts where hosts.site = s.site) h on true
  left join (
      select site,
             count(*) filter (where kind not in ('article', 'robots') and not is_probe) as documents,
             count(*) filter (where kind = 'article') as urls,
             count(*) filter (where state = 'due') as due,
             count(*) filter (where state = 'waiting' and kind = 'article') as waiting,
             count(*) filter (where state = 'done' and kind = 'article') as fetched,
             count(*) filter (where state = 'denied') as denied,
             count(*) filter (where state = 'dropped' and not is_probe) as dropped,
             count(*) filter (where state in ('failed', 'gone', 'quarantined') and not is_probe) as failed
        from core.urls group by site) u using (site);

comment on view wiretrace.sites is 'One row per listed site: its pace and what the crawl has found of it.';
comment on column wiretrace.sites.site is 'the site''s name: its registrable domain';
comment on column wiretrace.sites.url is 'its home page';
comment on column wiretrace.sites.kind is 'publisher, agency or aggregator, as the site list says';
comment on column wiretrace.sites.is_paused is 'whether fetching is stopped on all machines';
comment on column wiretrace.sites.delay_s is 'seconds between two requests';
comment on column wiretrace.sites.crawl_delay_s is 'seconds between two requests that robots.txt asks for, capped; the longer of both counts';
comment on column wiretrace.sites.documents is 'home page, feeds, sitemaps and listings that are known';
comment on column wiretrace.sites.urls is 'article URLs that are known';
comment on column wiretrace.sites.due is 'URLs that may be fetched now';
comment on column wiretrace.sites.waiting is 'article URLs that are tried again later';
comment on column wiretrace.sites.fetched is 'article URLs that were fetched and published';
comment on column wiretrace.sites.denied is 'article URLs that robots.txt denies';
comment on column wiretrace.sites.dropped is 'article URLs that are not worth a fetch; core reasons in wiretrace.frontier_urls';
comment on column wiretrace.sites.failed is 'URLs that ended without a page';
comment on column wiretrace.sites.back_off_until is 'the site asked for a pause until then, or failed';
comment on column wiretrace.sites.back_off_reason is 'why it is backed off from';
comment on column wiretrace.sites.last_new_at is 'when an article URL was found last';
comment on column wiretrace.sites.added_at is 'when the site was listed';

create or replace view wiretrace.fetches as
select f.claimed_at as started_at, f.fetched_at as ended_at, f.host_key as host, f.site, f.url, f.kind, f.status,
       f.outcome, f.reason, f.size_bytes, f.elapsed_s::numeric::double precision as elapsed_s, f.content_type,
       host(f.address) as address, f.noindex, f.retry_after_s::numeric::double precision as retry_after_s,
       f.pause_s::numeric::double precision as back_off_s, f.page_id, f.crawl_id, f.crawler_id as crawler
  from core.fetches f;

comment on view wiretrace.fetches is
    'One row per request to a site, kept for 14 days. See also the function wiretrace.politeness.';
comment on column wiretrace.fetches.started_at is 'from when the request could be sent, just before it was; the database''s clock';
comment on column wiretrace.fetches.ended_at is 'when the answer was complete; the database''s clock';
comment on column wiretrace.fetches.host is 'politeness key: one request at a time goes to it, over all machines';
comment on column wiretrace.fetches.site is 'site of the URL';
comment on column wiretrace.fetches.url is 'what was requested';
comment on column wiretrace.fetches.kind is 'robots, home, listing, feed, sitemap, wp_json or article';
comment on column wiretrace.fetches.status is 'HTTP status; null without an HTTP answer';
comment on column wiretrace.fetches.outcome is 'what came of it: published, read, not_modified, redirect, http_404, timeout, ...; abandoned: its crawler died, froze or was stopped, and it may have been sent';
comment on column wiretrace.fetches.reason is 'more about it';
comment on column wiretrace.fetches.size_bytes is 'bytes of the body, decompressed';
comment on column wiretrace.fetches.elapsed_s is 'seconds from sending to the end of the body';
comment on column wiretrace.fetches.content_type is 'media type as announced';
comment on column wiretrace.fetches.address is 'address that answered';
comment on column wiretrace.fetches.noindex is 'where the page asks not to be indexed: header or meta';
comment on column wiretrace.fetches.retry_after_s is 'seconds that the answer asked to wait';
comment on column wiretrace.fetches.back_off_s is 'seconds the host is left alone because of this answer, besides its own delay';
comment on column wiretrace.fetches.page_id is 'the page that was published, see wiretrace.outcomes';
comment on column wiretrace.fetches.crawl_id is 'the run that fetched it';
comment on column wiretrace.fetches.crawler is 'the process that fetched it';

create or replace view wiretrace.frontier as
select h.host_key as host, h.site,
       case when h.is_paused then 'paused'
            when h.claim_token is not null and h.claim_until > now() then 'claimed'
            when h.back_off_until > now() then 'backing off'
            when coalesce(u.due, 0) > 0 then 'due'
            when coalesce(u.waiting, 0) > 0 then 'waiting'
            else 'idle' end as state,
       coalesce(u.due, 0) as due, coalesce(u.waiting, 0) as waiting, h.next_at, u.next_due_at,
       greatest(h.delay_s, h.crawl_delay_s)::numeric::double precision as delay_s, h.claimed_by, h.claim_until, h.failures,
       case when h.back_off_until > now() then h.back_off_until end as back_off_until,
       case when h.back_off_until > now() then h.back_off_reason end as back_off_reason,
       case when h.quota_day = (now() at time zone 'UTC')::date then h.quota_used else 0 end as quota_used,
       h.daily_quota,
       case when h.back_off_until > now() then h.back_off_reason
            when core.has_no_robots(h.site, h.host_key) then 'robots_unavailable' end as waits_for
  from core.hosts h
  left join (
      select host_key, count(*) filter (where state = 'due') as due, count(*) filter (where state = 'waiting') as waiting,
             min(due_at) filter (where state = 'waiting') as next_due_at
        from core.urls where state in ('due', 'waiting') group by host_key) u using (host_key);

comment on view wiretrace.frontier is 'One row per host (politeness key): what is due there, who has claimed it, whether it backs off.';
comment on column wiretrace.frontier.host is 'politeness key: a site, a host, or a group of sites that share one pace';
comment on column wiretrace.frontier.site is 'site that the host belongs to';
comment on column wiretrace.frontier.state is 'paused, claimed, backing off, due, waiting or idle';
comment on column wiretrace.frontier.due is 'URLs that may be fetched now';
comment on column wiretrace.frontier.waiting is 'URLs that become due later';
comment on column wiretrace.frontier.next_at is 'no request before this';
comment on column wiretrace.frontier.next_due_at is 'when the first waiting URL becomes due';
comment on column wiretrace.frontier.delay_s is 'seconds between two requests, robots.txt included';
comment on column wiretrace.frontier.claimed_by is 'crawler process that holds it';
comment on column wiretrace.frontier.claim_until is 'when that claim ends unless it is renewed';
comment on column wiretrace.frontier.failures is 'back-offs in a row';
comment on column wiretrace.frontier.back_off_until is 'end of the back-off';
comment on column wiretrace.frontier.back_off_reason is 'outcome that caused it';
comment on column wiretrace.frontier.waits_for is 'why nothing is fetched from it now: the outcome that it backs off for, or robots_unavailable';
comment on column wiretrace.frontier.quota_used is 'article URLs accepted today';
comment on column wiretrace.frontier.daily_quota is 'most article URLs a day';

create or replace view wiretrace.frontier_urls as
select u.url, u.site, u.host_key as host, u.kind, u.state, u.reason, u.due_at, u.found_by, u.found_on, u.found_url,
       u.status, u.failures, u.fetched_at, u.settled_at, u.offered_at, u.page_id,
       u.hint_title as announced_title, u.hint_published_at as announced_at, u.news
  from core.urls u where u.kind <> 'robots';

comment on view wiretrace.frontier_urls is 'One row per URL that is known, with its state and, where it will not be fetched, the reason.';
comment on column wiretrace.frontier_urls.url is 'what is requested';
comment on column wiretrace.frontier_urls.site is 'site of the URL';
comment on column wiretrace.frontier_urls.host is 'politeness key';
comment on column wiretrace.frontier_urls.kind is 'home, listing, feed, sitemap, wp_json or article';
comment on column wiretrace.frontier_urls.state is
    'due and waiting go on; done, redirected, gone, denied, dropped, failed and quarantined are ends';
comment on column wiretrace.frontier_urls.reason is 'why it is in this state';
comment on column wiretrace.frontier_urls.due_at is 'for due and waiting: when it may be fetched';
comment on column wiretrace.frontier_urls.found_by is 'how it was found';
comment on column wiretrace.frontier_urls.found_on is 'the document that named it';
comment on column wiretrace.frontier_urls.found_url is 'the URL as found, where a redirect led from there';
comment on column wiretrace.frontier_urls.status is 'HTTP status of the last answer';
comment on column wiretrace.frontier_urls.failures is 'failed fetches in a row';
comment on column wiretrace.frontier_urls.fetched_at is 'when it was fetched last';
comment on column wiretrace.frontier_urls.settled_at is 'when its state was last set';
comment on column wiretrace.frontier_urls.offered_at is 'when it was found';
comment on column wiretrace.frontier_urls.page_id is 'page that was published from it last, see wiretrace.outcomes';
comment on column wiretrace.frontier_urls.announced_title is 'title that the feed, news sitemap or headline gives';
comment on column wiretrace.frontier_urls.announced_at is 'time of publication that the feed or news sitemap gives';
comment on column wiretrace.frontier_urls.news is
    'what a news sitemap says: publication, language, genres, keywords, stock_tickers';

create or replace function wiretrace.politeness(since interval default interval '1 day')
returns table (host text, site text, requests bigint, shortest_gap_s double precision, delay_s double precision,
               overlapping bigint)
language sql stable as $$
    select f.host_key, min(f.site), count(*),
           (extract(epoch from min(f.claimed_at - f.previous_ended_at)))::double precision,
           greatest(h.delay_s, h.crawl_delay_s)::numeric::double precision,
           count(*) filter (where f.claimed_at < f.previous_ended_at)
      from (select host_key, site, claimed_at, fetched_at,
                   max(fetched_at) over (partition by host_key order by claimed_at
                                         rows between unbounded preceding and 1 preceding) as previous_ended_at
              from core.fetches where fetched_at >= now() - since) f
      left join core.hosts h using (host_key)
     group by f.host_key, h.delay_s, h.crawl_delay_s
     order by 4 nulls last
$$;
comment on function wiretrace.politeness(interval) is
    'The pace that was kept, per host: shortest time from the end of one request to the start of the next, the pause '
    'that is set now, and how many requests overlapped. The most impatient host comes first.';

create or replace view wiretrace.left_out as
select u.site, u.kind, u.url as document, l.key as reason, l.value::integer as urls, u.fetched_at as read_at
  from core.urls u cross join lateral jsonb_each_text(u.left_out) l
 where u.left_out is not null;

comment on view wiretrace.left_out is
    'What the last reading of each document left out, and why: URLs that never came to the frontier. Those that did, and '
    'were dropped there, are in wiretrace.frontier_urls with their reason.';
comment on column wiretrace.left_out.site is 'site of the document';
comment on column wiretrace.left_out.kind is 'home, listing, feed, sitemap or wp_json';
comment on column wiretrace.left_out.document is 'its URL';
comment on column wiretrace.left_out.reason is
    'too_old, over_limit, other_site, bad_url, denied, duplicate, not_article_shape, too_deep, or the name of a trap';
comment on column wiretrace.left_out.urls is 'how many';
comment on column wiretrace.left_out.read_at is 'when it was read';
