-- Moves the counters of sites to their new number of articles.
update core.site_learning s set pages = i.pages, pruned_at = i.pruned_at
from unnest(%(site_ids)s::integer[], %(pages)s::bigint[], %(pruned_at)s::bigint[]) as i (site_id, pages, pruned_at)
where s.site_id = i.site_id;
