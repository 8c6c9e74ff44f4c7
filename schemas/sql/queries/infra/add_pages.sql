-- Writes published pages into the ledger. A worker may have been quicker; what it wrote stays.
insert into core.pages (page_id, url_key, url, site, crawl_id, found_by, fetched_at)
select page_id, url_key, url, site, crawl_id, found_by, fetched_at
  from jsonb_to_recordset(%(pages)s::jsonb) as i (
      page_id uuid, url_key text, url text, site text, crawl_id text, found_by text, fetched_at timestamptz)
 order by page_id
on conflict (page_id) do nothing
