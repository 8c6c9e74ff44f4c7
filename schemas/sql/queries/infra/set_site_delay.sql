-- Sets the pause between two requests to a site, on all machines, at once.
with changed as (
    update core.sites set delay_s = %(delay_s)s, changed_at = now() where site = %(site)s returning site
), paced as (
    select core.set_pace(site, %(delay_s)s, null) from changed
)
select count(*) as changed from paced
