-- What is known of the lines of a batch; a line that was not seen for long is as good as unknown.
select l.site_id, l.line_key, l.page_keys, l.is_repeated, l.seen_at < now() - interval '1 day' as is_old
from unnest(%(site_ids)s::integer[], %(line_keys)s::bigint[]) as i (site_id, line_key)
join core.site_lines l on l.site_id = i.site_id and l.line_key = i.line_key
where l.seen_at > now() - make_interval(days => %(max_age_days)s);
