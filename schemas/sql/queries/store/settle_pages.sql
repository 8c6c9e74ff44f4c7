-- Gives each page of a batch its one outcome; the crawler's row may not be there yet. An outcome never changes.
insert into core.pages as p (page_id, url_key, url, site, crawl_id, found_by, fetched_at, outcome, reason, article_id, worked_at)
select page_id, url_key, url, site, crawl_id, found_by, fetched_at, outcome, reason, article_id, now()
from jsonb_to_recordset(%(pages)s::jsonb) as i (
    page_id uuid, url_key text, url text, site text, crawl_id text, found_by text, fetched_at timestamptz,
    outcome text, reason text, article_id bigint)
order by page_id
on conflict (page_id) do update
    set outcome = excluded.outcome, reason = excluded.reason, article_id = excluded.article_id, worked_at = now()
    where p.outcome is null;
