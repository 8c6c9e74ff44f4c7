-- Puts URLs on the frontier that are not there yet, in one statement.
--
-- %(urls)s: jsonb array of objects with url_key, url, site, host, authority, kind, priority, found_by and, where known,
-- id_key (of a URL with an article id), found_on, found_url, hops, is_probe, is_once, walk, hint_title,
-- hint_published_at, news, poll (of a document that has moved), due_in_s, drop_reason. %(delay_s)s: pause of a host that has no row yet.
-- Hosts, the robots.txt of new authorities and their URLs come into being here. A URL that is known stays as it is,
-- but for one that an earlier day's quota kept out, and for a usual place that a document really names (a site can
-- answer at /feed/ alone, which is one page with /feed).
-- Rows: url_key and state of what was added.
with given as materialized (
    select distinct on (g.url_key)
           g.*,
           case when s.politeness = 'host' then g.host
                when s.politeness like 'group:%%' then s.politeness
                else g.site end as host_key,
           s.is_paused, s.delay_s as site_delay_s, s.daily_quota as site_quota
      from jsonb_to_recordset(%(urls)s::jsonb) as g (
               url_key text, url text, site text, host text, authority text, kind text, priority smallint,
               found_by text, found_on text, found_url text, hops smallint, hint_title text,
               hint_published_at timestamptz, due_in_s double precision, drop_reason text,
               is_probe boolean, is_once boolean, walk text, id_key text, news jsonb, poll jsonb)
      left join core.sites s using (site)
     where not exists (select from core.urls u
                        where u.url_key = g.url_key
                          and not (u.state = 'dropped' and u.reason = 'daily_quota'
                                   and u.settled_at < date_trunc('day', now(), 'UTC'))
                          and not (u.is_probe and not coalesce(g.is_probe, false) and u.tries = 0
                                   and (u.url <> g.url or u.state in ('due', 'dropped'))))
     order by g.url_key
), hosts as materialized (
    select g.host_key, min(g.site) as site, bool_or(coalesce(g.is_paused, false)) as is_paused,
           max(coalesce(g.site_delay_s, %(delay_s)s)) as delay_s, max(g.site_quota) as daily_quota
      from given g where g.drop_reason is null group by g.host_key order by g.host_key
), locked as materialized (
    -- Hosts first and in order, as settling does: no deadlock between the two.
    select h.host_key from core.hosts h where h.host_key in (select host_key from hosts) order by h.host_key for update
), ranked as materialized (
    select g.*, r.state as robots_state, r.expires_at as robots_expires_at,
           case when g.drop_reason is not null then g.drop_reason
                when g.id_key is not null
                     and row_number() over (partition by g.id_key order by g.url_key)
                         + (select count(*) from core.urls u where u.id_key = g.id_key) > 3
                then 'slug_variant'
                when g.kind = 'article' and g.found_by <> 'seed'
                     and case when l.quota_day = (now() at time zone 'UTC')::date then l.quota_used else 0 end
                         + row_number() over
                         (partition by g.host_key, g.kind = 'article' and g.drop_reason is null order by g.url_key)
                         > coalesce(l.daily_quota, g.site_quota, 5000)
                then 'daily_quota' end as drop_as
      from given g
      -- By index, as the planner takes a list of URLs for one row and would compare each with each.
      left join core.hosts l on l.host_key = g.host_key
      left join core.robots r on r.authority = g.authority
     where (select count(*) from locked) >= 0
), new_hosts as (
    insert into core.hosts (host_key, site, delay_s, is_paused, daily_quota, offers, quota_used)
    select host_key, h.site, h.delay_s, h.is_paused, coalesce(h.daily_quota, 5000), 1,
           (select count(*) from ranked r
             where r.host_key = h.host_key and r.drop_as is null and r.kind = 'article' and r.found_by <> 'seed')
      from hosts h where not exists (select from core.hosts known where known.host_key = h.host_key) order by host_key
    on conflict (host_key) do nothing
), authorities as materialized (
    select distinct on (authority) authority, host_key, site from ranked
     where drop_as is null and kind <> 'robots' order by authority, host_key
), new_robots as (
    insert into core.robots (authority) select authority from authorities order by authority
    on conflict (authority) do nothing
), robots_urls as (
    insert into core.urls (url_key, url, site, host_key, authority, kind, priority, state, found_by)
    select 'robots:' || authority, authority || '/robots.txt', site, host_key, authority, 'robots', 0, 'due', 'seed'
      from authorities order by authority
    on conflict (url_key) do nothing
), added as (
    insert into core.urls (url_key, id_key, url, found_url, site, host_key, authority, kind, priority, state, due_at, hops,
                           reason, found_by, found_on, hint_title, hint_published_at, is_probe, is_once, walk, news, poll, settled_at)
    select url_key, id_key, url, found_url, site, host_key, authority, kind, priority,
           case when drop_as is not null then 'dropped'
                when coalesce(due_in_s, 0) > 0 or (robots_state = 'unavailable' and robots_expires_at > now())
                then 'waiting' else 'due' end,
           greatest(now() + coalesce(due_in_s, 0) * interval '1 second',
                    case when robots_state = 'unavailable' then robots_expires_at end),
           coalesce(hops, 0), drop_as, found_by, found_on, hint_title, hint_published_at,
           coalesce(is_probe, false), coalesce(is_once, false), walk, news, poll,
           case when drop_as is not null then now() end
      from ranked order by url_key
    on conflict (url_key) do update
       set state = excluded.state, due_at = excluded.due_at, reason = excluded.reason, settled_at = excluded.settled_at,
           url = excluded.url, kind = excluded.kind, priority = excluded.priority, is_probe = excluded.is_probe,
           is_once = excluded.is_once, walk = excluded.walk, found_by = excluded.found_by, found_on = excluded.found_on,
           failures = 0, hops = 0, poll = null
     where urls.tries = 0
       and (urls.state = 'dropped' and urls.reason = 'daily_quota'
            and urls.settled_at < date_trunc('day', now(), 'UTC')
            or urls.is_probe and not excluded.is_probe
               and (urls.url <> excluded.url or urls.state in ('due', 'dropped')))
    returning url_key, state, site, host_key, kind, found_by
), woken as (
    update core.hosts h
       set offers = h.offers + 1,
           ready_at = case when h.claim_token is null then least(h.ready_at, greatest(h.next_at, now()))
                           else h.ready_at end,
           quota_day = (now() at time zone 'UTC')::date,
           quota_used = a.articles + case when h.quota_day = (now() at time zone 'UTC')::date then h.quota_used else 0 end
      from (select host_key, count(*) filter (where kind = 'article' and found_by <> 'seed') as articles
              from added where state <> 'dropped' group by host_key order by host_key) a
     where h.host_key = a.host_key
), fresh as (
    update core.sites s set last_new_at = now()
     where s.site in (select site from added where kind = 'article' and state <> 'dropped')
       and (s.last_new_at is null or s.last_new_at < now() - interval '10 seconds')
)
select url_key, state from added
