-- One story.
select cluster_id, title, size, sites, origin_article_id, origin_url, origin_site, origin_agency, origin_reason,
       origin_evidence, first_published_at, last_published_at, spread
  from wiretrace.clusters
 where cluster_id = coalesce(wiretrace.cluster_of(%(cluster_id)s), %(cluster_id)s)
