-- URLs that were given up, counted by why.
select state, coalesce(reason, 'status ' || status) as reason, count(*) as urls, min(url) as example
  from core.urls
 where state in ('failed', 'gone', 'quarantined', 'denied') and not is_probe and kind <> 'robots'
   and not (kind <> 'article' and is_once and state = 'gone')
 group by 1, 2
 order by 3 desc, 1, 2
 limit 20
