-- What decides whether the links of a site's stories are followed: whether the site is crawled at all (a page of it may
-- only have been chased), whether a feed or sitemap of it could be read, and how many URLs its stories gave within a day.
select exists (select from core.urls where site = %(site)s and kind = 'home') as is_crawled,
       exists (select from core.urls
                where site = %(site)s and kind in ('feed', 'sitemap') and state in ('due', 'waiting', 'done')
                  and (poll ->> 'failures')::double precision = 0) as has_lists,
       (select count(*) from core.urls
         where site = %(site)s and found_by = 'article' and offered_at > now() - interval '1 day') as used
