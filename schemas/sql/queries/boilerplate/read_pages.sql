-- The articles of sites by their keys, with what tells near copies.
select p.site_id, p.page_key, p.shingles, p.size, p.ordinal
from unnest(%(site_ids)s::integer[], %(page_keys)s::bigint[]) as i (site_id, page_key)
join core.site_pages p on p.site_id = i.site_id and p.page_key = i.page_key;
