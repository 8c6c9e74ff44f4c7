-- Asks for new sketches of earlier articles that have a line which is now known as repeated.
update core.site_pages p set is_stale = true
from (
    select i.site_id, i.page_key
    from unnest(%(site_ids)s::integer[], %(page_keys)s::bigint[]) as i (site_id, page_key)
    join core.site_pages q on q.site_id = i.site_id and q.page_key = i.page_key and not q.is_stale
    order by i.site_id, i.page_key
    for update of q
) s
where p.site_id = s.site_id and p.page_key = s.page_key;
