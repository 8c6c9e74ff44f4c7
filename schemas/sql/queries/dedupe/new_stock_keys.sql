-- Ten minutes are more than the longest transaction: what was noted before `since` may have been committed after it.
select key, noted_at from core.stock_keys where noted_at > %(since)s::timestamptz - interval '10 minutes'
