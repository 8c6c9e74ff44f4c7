-- What a run has done since it began, and what is left of it, in one snapshot.
with pass as materialized (
    select site, kind, standing from core.open_pass(%(patience_s)s)
), worked as materialized (
    select outcome from core.pages where worked_at >= %(since)s
)
select (select count(*) from core.sites where not is_paused) as sites,
       (select count(*) from core.sites s
         where not s.is_paused
           and (not exists (select from core.urls u where u.site = s.site and u.kind <> 'article')
                or exists (select from pass p
                            where p.site = s.site and p.kind <> 'robots' and p.standing in ('due', 'soon')))
       ) as sites_open,
       (select count(*) from pass where standing = 'due') as due,
       (select count(*) from core.hosts where claim_token is not null and not is_paused) as claimed,
       (select count(*) from pass where standing = 'soon') as soon,
       (select count(*) from pass where standing = 'deferred') as deferred,
       (select count(*) from core.fetches where crawl_id = %(crawl_id)s) as fetched,
       (select count(*) from core.pages where crawl_id = %(crawl_id)s) as published,
       (select count(*) from core.pages where outcome is null) as pages_open,
       (select count(*) from core.site_pages where is_stale) + (select count(*) from core.resketched) as resketching,
       (select count(*) from worked) as processed,
       (select count(*) from worked where outcome in ('article', 'updated', 'unchanged')) as articles,
       (select count(*) from core.clusters) as clusters,
       (select count(*) from core.urls
         where settled_at >= %(since)s and state in ('failed', 'gone', 'quarantined') and not is_probe and kind <> 'robots'
           and not (kind <> 'article' and is_once and state = 'gone'))
       + (select count(*) from worked where outcome in ('extract_timeout', 'extract_failed', 'dead_letter')) as errors,
       (select extract(epoch from min(ready_at) - now())::float8 from core.hosts
         where not is_paused and claim_token is null and ready_at < 'infinity') as next_in_s
