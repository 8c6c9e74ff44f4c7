-- The hosts of the frontier: what is due, claimed and backing off.
select h.host_key, h.site,
       case when h.is_paused then 'paused'
            when h.claim_token is not null and h.claim_until > now() then 'claimed'
            when h.back_off_until > now() then 'backing off'
            when coalesce(u.due, 0) > 0 then 'due'
            when coalesce(u.waiting, 0) > 0 then 'waiting'
            else 'idle' end as state,
       coalesce(u.due, 0) as due, coalesce(u.waiting, 0) as waiting, h.next_at, u.next_due_at, h.delay_s,
       h.crawl_delay_s, h.claimed_by, h.failures, h.back_off_until, h.back_off_reason, h.quota_used, h.daily_quota
  from core.hosts h
  left join (
      select host_key, count(*) filter (where state = 'due') as due, count(*) filter (where state = 'waiting') as waiting,
             min(due_at) filter (where state = 'waiting') as next_due_at
        from core.urls where state in ('due', 'waiting') group by host_key) u using (host_key)
 where %(site)s::text is null or h.site = %(site)s
 order by coalesce(u.due, 0) desc, coalesce(u.waiting, 0) desc, h.host_key
 limit %(limit)s
