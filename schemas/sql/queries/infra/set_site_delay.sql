-- Sets the pause between two requests to a site, on all machines, from its next request on.
with changed as (
    update core.sites set delay_s = %(delay_s)s, changed_at = now() where site = %(site)s returning site
), paced as (
    update core.hosts h set delay_s = %(delay_s)s from changed where h.site = changed.site
)
select count(*) as changed from changed
