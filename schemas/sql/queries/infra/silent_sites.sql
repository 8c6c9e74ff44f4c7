-- Sites that are crawled but where nothing new has been found for a while.
select s.site, s.last_new_at, s.added_at
  from core.sites s
 where not s.is_paused
   and coalesce(s.last_new_at, s.added_at) < now() - %(silent_h)s * interval '1 hour'
 order by coalesce(s.last_new_at, s.added_at), s.site
