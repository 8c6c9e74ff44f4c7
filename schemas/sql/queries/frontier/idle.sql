-- What is left of a first pass over all sites that are not paused. A document with hops is on its way to where a
-- redirect has sent it for now.
with open_urls as materialized (
    select u.state, u.due_at, u.fetched_at, u.poll, u.kind, u.failures, u.hops
      from core.urls u join core.hosts h using (host_key)
     where u.state in ('due', 'waiting') and not h.is_paused
)
select count(*) filter (where state = 'due') as due,
       (select count(*) from core.hosts where claim_token is not null and not is_paused) as claimed,
       count(*) filter (where state = 'waiting' and (poll is null or failures > 0 or hops > 0) and kind <> 'robots'
                          and due_at <= now() + %(patience_s)s * interval '1 second') as soon,
       count(*) filter (where state = 'waiting' and (poll is null or failures > 0 or hops > 0) and kind <> 'robots'
                          and due_at > now() + %(patience_s)s * interval '1 second') as deferred,
       (select count(*) from core.sites s
         where not s.is_paused
           and not exists (select from core.urls u where u.site = s.site and u.kind <> 'article')) as unstarted_sites
  from open_urls
