-- How pages ended, with the most frequent reason of each end.
select coalesce(outcome, 'waiting') as outcome, count(*) as pages, mode() within group (order by reason) as most_often,
       max(worked_at) as last_at
  from core.pages
 where %(since)s::timestamptz is null or fetched_at >= %(since)s
 group by 1
 order by 2 desc, 1
