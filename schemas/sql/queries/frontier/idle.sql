-- What is left of a first pass over all sites that are not paused.
with pass as materialized (
    select standing from core.open_pass(%(patience_s)s)
)
select count(*) filter (where standing = 'due') as due,
       (select count(*) from core.hosts where claim_token is not null and not is_paused) as claimed,
       count(*) filter (where standing = 'soon') as soon,
       count(*) filter (where standing = 'deferred') as deferred,
       (select count(*) from core.sites s
         where not s.is_paused
           and not exists (select from core.urls u where u.site = s.site and u.kind <> 'article')) as unstarted_sites
  from pass
