-- Every listed site: pace, state, what was found and what is left.
select s.site, s.url, s.kind, s.is_paused,
       case when s.is_paused then 'paused'
            when h.has_no_robots then 'robots unreadable'
            when h.back_off_until is not null then 'backing off'
            when coalesce(u.read, 0) = 0 then case when u.is_denied then 'robots deny' else 'new' end
            when u.articles = 0 and u.due = 0 then 'nothing found'
            else 'crawled' end as state,
       case when s.is_paused then null
            when h.has_no_robots then u.robots_reason
            else h.back_off_reason end as held_back_by,
       coalesce(h.delay_s, s.delay_s) as delay_s, h.crawl_delay_s, greatest(h.delay_s, h.crawl_delay_s, s.delay_s) as pause_s,
       s.last_new_at,
       now() - s.last_new_at as last_new_ago, s.added_at,
       coalesce(u.documents, 0) as documents, coalesce(u.articles, 0) as urls, coalesce(u.due, 0) as due,
       coalesce(u.problems, 0) as problems, coalesce(a.articles, 0) as articles,
       h.back_off_until, h.back_off_reason
  from core.sites s
  left join lateral (
      select max(f.delay_s) as delay_s, max(f.crawl_delay_s) as crawl_delay_s,
             max(f.back_off_until) filter (where f.back_off_until > now()) as back_off_until,
             max(f.back_off_reason) filter (where f.back_off_until > now()) as back_off_reason,
             bool_or(core.has_no_robots(f.site, f.host_key)) as has_no_robots
        from core.hosts f where f.site = s.site) h on true
  left join (
      select site, count(*) filter (where kind in ('feed', 'sitemap', 'listing', 'home', 'wp_json') and not is_probe) as documents,
             count(*) filter (where kind not in ('article', 'robots') and fetched_at is not null) as read,
             count(*) filter (where kind = 'article') as articles,
             bool_or(kind not in ('article', 'robots') and reason = 'robots_denied') as is_denied,
             min(reason) filter (where kind = 'robots' and status is distinct from 200) as robots_reason,
             count(*) filter (where state = 'due') as due,
             count(*) filter (where state in ('failed', 'gone', 'quarantined', 'denied') and not is_probe) as problems
        from core.urls group by site) u using (site)
  left join (select site, count(*) as articles from core.articles group by site) a using (site)
 where %(site)s::text is null or s.site = %(site)s
 order by s.site
