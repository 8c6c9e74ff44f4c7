-- A crawler says that it runs.
insert into core.crawlers (crawler_id, machine, pid, crawl_id)
values (%(crawler_id)s, %(machine)s, %(pid)s, %(crawl_id)s)
on conflict (crawler_id) do nothing
returning crawler_id
