-- For each site: how many of its URLs were put on the frontier within a day because a page elsewhere named them.
select site, count(*)
from core.urls
where site = any(%(sites)s)
  and found_by in ('source_link', 'canonical')
  and offered_at > now() - interval '1 day'
group by site;
