-- One listed site.
select site, url, kind, spec, delay_s, politeness, daily_quota, is_paused from core.sites where site = %(site)s
