-- Forgets ingested pages that were published but never worked, as their messages are lost.
-- They can be ingested again: a page that has an outcome is then passed over, these are not.
delete from core.pages
 where outcome is null and found_by = 'ingest' and published_at <= now() - %(older_than_s)s * interval '1 second'
returning url
