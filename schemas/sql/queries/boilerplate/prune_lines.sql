-- Forgets lines of a site that none of its recent articles has.
delete from core.site_lines
where site_id = %(site_id)s
  and (seen_at < now() - make_interval(days => %(max_age_days)s)
       or ordinal < %(oldest)s and not is_repeated);
