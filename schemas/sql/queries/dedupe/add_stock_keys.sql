insert into core.stock_keys (key)
select key from unnest(%(keys)s::bigint[]) as key order by key
on conflict (key) do nothing
