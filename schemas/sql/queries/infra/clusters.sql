-- Stories that were republished, the largest or the newest first.
select c.cluster_id, c.size, c.sites, coalesce(c.origin_site, c.origin_agency) as origin, c.origin_site, c.origin_agency, c.origin_url, c.origin_reason,
       c.first_published_at, c.last_published_at, c.spread, c.title
  from wiretrace.clusters c
 where c.size >= %(min_size)s
   and (%(site)s::text is null
        or exists (select from wiretrace.cluster_members m where m.cluster_id = c.cluster_id and m.site = %(site)s))
   and (%(since)s::timestamptz is null or c.last_published_at >= %(since)s)
 order by case when %(order)s = 'size' then c.size end desc nulls last,
          case when %(order)s = 'newest' then c.last_published_at end desc nulls last,
          case when %(order)s = 'spread' then c.spread end asc nulls last,
          c.cluster_id
 limit %(limit)s
