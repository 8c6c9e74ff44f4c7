-- The hosts of the frontier: what is due, claimed and backing off.
--
-- next_in: until the next request may go out; null where one is under way or none is planned.
select f.*,
       case f.state when 'backing off' then f.back_off_until - now()
                    when 'due' then greatest(f.next_at - now(), interval '0')
                    when 'waiting' then greatest(f.next_due_at - now(), f.next_at - now(), interval '0') end as next_in
  from wiretrace.frontier f
 where (%(site)s::text is null or f.site = %(site)s) and (%(state)s::text is null or f.state = %(state)s)
 order by f.due desc, f.waiting desc, f.host
 limit %(limit)s
