-- Stores the articles of a batch; one that is known keeps its place in the site's order.
insert into core.site_pages as p (site_id, page_key, url_key, ordinal, shingles, size)
select site_id, page_key, url_key, ordinal, shingles, size
from jsonb_to_recordset(%(pages)s::jsonb) as i (
    site_id integer, page_key bigint, url_key text, ordinal bigint, shingles bigint[], size integer)
order by site_id, page_key
on conflict (site_id, page_key) do update
    set shingles = excluded.shingles, size = excluded.size, is_stale = false, seen_at = now();
