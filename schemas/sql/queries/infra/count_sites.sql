-- Sites that are crawled.
select count(*) from core.sites where not is_paused
