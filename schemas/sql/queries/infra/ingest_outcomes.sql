-- How the pages of one ingest ended.
select coalesce(outcome, 'waiting') as outcome, count(*) as pages, mode() within group (order by reason) as most_often
  from core.pages where crawl_id = %(crawl_id)s
 group by 1 order by 2 desc, 1
