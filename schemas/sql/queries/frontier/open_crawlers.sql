-- The crawlers of one machine that have not said goodbye.
select crawler_id, pid from core.crawlers where machine = %(machine)s and ended_at is null
