-- How far the pages of one ingest are, and how many pages wait in all.
select (select count(*) from core.pages where crawl_id = %(crawl_id)s and outcome is not null) as processed,
       (select count(*) from core.pages where crawl_id = %(crawl_id)s and outcome is null) as waiting,
       (select count(*) from core.pages where outcome is null) as pages_open,
       (select count(*) from core.pages
         where crawl_id = %(crawl_id)s and outcome in ('article', 'updated', 'unchanged')) as articles,
       (select count(*) from core.clusters) as clusters
