-- The documents in which a site's articles are found.
select kind, url, state, reason, status, due_at, settled_at, found_by,
       case when state in ('due', 'waiting') then greatest(due_at - now(), interval '0') end as due_in
  from core.urls
 where site = %(site)s and kind <> 'article' and not (is_probe and state <> 'due' and coalesce(status, 404) = 404)
 order by kind, url_id
 limit 200
