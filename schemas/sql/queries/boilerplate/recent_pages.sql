-- The most recent articles of some sites, with what tells near copies.
select p.site_id, p.page_key, p.shingles, p.size
from unnest(%(site_ids)s::integer[], %(after)s::bigint[]) as i (site_id, after)
join core.site_pages p on p.site_id = i.site_id and p.ordinal > i.after;
