-- Stops or goes on with a site, on all machines: a claim looks at its host's row.
with changed as (
    update core.sites set is_paused = %(is_paused)s, changed_at = now() where site = %(site)s returning site
), paced as (
    update core.hosts h set is_paused = %(is_paused)s, offers = h.offers + 1,
           ready_at = case when h.claim_token is null then greatest(h.next_at, now()) else h.ready_at end
      from changed where h.site = changed.site
)
select count(*) as changed from changed
