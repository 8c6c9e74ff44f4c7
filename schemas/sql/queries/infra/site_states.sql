-- How the article URLs of a site stand, counted by state and reason.
select state, reason, count(*) as urls, min(url) as example
  from core.urls where site = %(site)s and kind = 'article'
 group by 1, 2 order by 3 desc, 1, 2 limit 50
