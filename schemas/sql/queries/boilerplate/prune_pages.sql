-- Forgets articles of a site that are no longer recent.
delete from core.site_pages where site_id = %(site_id)s and ordinal < %(oldest)s and not is_stale;
