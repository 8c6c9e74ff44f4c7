-- Drops the usual places of one kind that were not asked yet: the site has a document of this kind that parsed.
with dropped as (
    update core.urls u set state = 'dropped', reason = 'not_needed', settled_at = now()
     where u.site = %(site)s and u.kind = %(kind)s and u.is_probe and u.fetched_at is null
       and u.state in ('due', 'waiting') and u.tries = 0
    returning 1
)
select count(*) from dropped
