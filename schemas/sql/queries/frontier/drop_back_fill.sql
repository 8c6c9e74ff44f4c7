-- Drops the following pages of a site's feeds, and guessed ones of its front page, that were not asked yet: its REST
-- interface names the same posts a hundred at a time.
with dropped as (
    update core.urls u set state = 'dropped', reason = 'not_needed', settled_at = now()
     where u.site = %(site)s and u.is_once and (u.kind = 'feed' or u.kind = 'listing' and u.is_probe)
       and u.fetched_at is null and u.state in ('due', 'waiting') and u.tries = 0
    returning 1
)
select count(*) from dropped
