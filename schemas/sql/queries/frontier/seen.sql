-- A crawler says that it is alive, or that it ends.
update core.crawlers
   set seen_at = now(), progress = %(progress)s, ended_at = case when %(has_ended)s then now() end
 where crawler_id = %(crawler_id)s
returning crawler_id
