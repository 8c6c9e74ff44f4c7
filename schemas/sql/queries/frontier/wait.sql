-- Seconds until a host is ready or a URL becomes due; null with nothing ahead.
select extract(epoch from least(
           (select min(ready_at) from core.hosts where not is_paused and ready_at < 'infinity'),
           (select min(due_at) from core.urls where state = 'waiting')) - clock_timestamp())::double precision as seconds
