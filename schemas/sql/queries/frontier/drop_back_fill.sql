-- Drops guessed following pages of a site's front page that were not asked yet, and with %(has_rest)s those of its feeds:
-- its REST interface names the same posts a hundred at a time.
with dropped as (
    update core.urls u set state = 'dropped', reason = 'not_needed', settled_at = now()
     where u.site = %(site)s and u.is_once and (u.kind = 'feed' and %(has_rest)s or u.kind = 'listing' and u.is_probe)
       and u.fetched_at is null and u.state in ('due', 'waiting') and u.tries = 0
    returning 1
)
select count(*) from dropped
