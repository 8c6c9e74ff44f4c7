-- Who has one story, in order of time.
select m.cluster_id, m.article_id, m.is_origin, m.site, m.published_at, m.lag, m.jaccard, m.containment,
       m.relation, a.credit_agency, a.source_link_url, a.byline, a.title, m.url, m.evidence
  from wiretrace.cluster_members m
  join wiretrace.articles a using (article_id)
 where m.cluster_id = %(cluster_id)s
 order by m.published_at nulls last, not m.is_origin, m.article_id
