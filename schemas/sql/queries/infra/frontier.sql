-- The hosts of the frontier: what is due, claimed and backing off.
select f.*, f.back_off_until - now() as back_off_in
  from wiretrace.frontier f
 where (%(site)s::text is null or f.site = %(site)s) and (%(state)s::text is null or f.state = %(state)s)
 order by f.due desc, f.waiting desc, f.host
 limit %(limit)s
