-- What became of the pages of a URL key, the newest first.
select url, outcome, reason, fetched_at, worked_at from core.pages where url_key = %(url_key)s
 order by fetched_at desc limit 5
