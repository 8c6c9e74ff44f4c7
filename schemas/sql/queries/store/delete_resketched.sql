-- Takes away notes that were claimed in this session; those whose claim went to another stay for it.
delete from core.resketched where note_id = any(%(note_ids)s::bigint[]) and claimed_by = pg_backend_pid();
