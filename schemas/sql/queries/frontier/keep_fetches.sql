-- Makes the coming daily partitions of core.fetches and drops the old ones.
select core.keep_fetches(%(keep_days)s)
