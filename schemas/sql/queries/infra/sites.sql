-- Every listed site: pace, state, what was found and what is left.
select s.site, s.url, s.kind, s.is_paused, coalesce(h.delay_s, s.delay_s) as delay_s, s.last_new_at, s.added_at,
       coalesce(u.documents, 0) as documents, coalesce(u.articles, 0) as urls, coalesce(u.due, 0) as due,
       coalesce(u.problems, 0) as problems, coalesce(a.articles, 0) as articles,
       h.back_off_until, h.back_off_reason
  from core.sites s
  left join lateral (
      select max(delay_s) as delay_s, max(back_off_until) filter (where back_off_until > now()) as back_off_until,
             max(back_off_reason) filter (where back_off_until > now()) as back_off_reason
        from core.hosts where hosts.site = s.site) h on true
  left join (
      select site, count(*) filter (where kind in ('feed', 'sitemap', 'listing', 'home', 'wp_json') and not is_probe) as documents,
             count(*) filter (where kind = 'article') as articles,
             count(*) filter (where state = 'due') as due,
             count(*) filter (where state in ('failed', 'gone', 'quarantined', 'denied') and not is_probe) as problems
        from core.urls group by site) u using (site)
  left join (select site, count(*) as articles from core.articles group by site) a using (site)
 where %(site)s::text is null or s.site = %(site)s
 order by s.site
