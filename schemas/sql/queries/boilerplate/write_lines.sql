-- Stores what a batch has taught about lines.
insert into core.site_lines as l (site_id, line_key, page_keys, is_repeated, ordinal)
select site_id, line_key, page_keys, is_repeated, ordinal
from jsonb_to_recordset(%(lines)s::jsonb) as i (
    site_id integer, line_key bigint, page_keys bigint[], is_repeated boolean, ordinal bigint)
order by site_id, line_key
on conflict (site_id, line_key) do update
    set page_keys = excluded.page_keys, is_repeated = excluded.is_repeated, ordinal = excluded.ordinal, seen_at = now();
