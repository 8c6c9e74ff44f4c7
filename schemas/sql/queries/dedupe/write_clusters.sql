-- Writes clusters; changed_at moves only where something changed.
insert into core.clusters (cluster_id, size, sites, head_article_id, origin_article_id, origin_agency, origin_url,
                           origin_site, origin_reason, origin_evidence, first_published_at, last_published_at)
select cluster_id, size, sites, head_article_id, origin_article_id, origin_agency, origin_url, origin_site,
       origin_reason, origin_evidence, first_published_at, last_published_at
  from jsonb_to_recordset(%(clusters)s::jsonb) as given (
       cluster_id bigint, size integer, sites integer, head_article_id bigint, origin_article_id bigint,
       origin_agency text, origin_url text, origin_site text, origin_reason text, origin_evidence jsonb,
       first_published_at timestamptz, last_published_at timestamptz)
 order by cluster_id
on conflict (cluster_id) do update
   set size = excluded.size, sites = excluded.sites, head_article_id = excluded.head_article_id,
       origin_article_id = excluded.origin_article_id, origin_agency = excluded.origin_agency,
       origin_url = excluded.origin_url, origin_site = excluded.origin_site, origin_reason = excluded.origin_reason,
       origin_evidence = excluded.origin_evidence, first_published_at = excluded.first_published_at,
       last_published_at = excluded.last_published_at, changed_at = now()
 where (clusters.size, clusters.sites, clusters.head_article_id, clusters.origin_article_id, clusters.origin_agency,
        clusters.origin_url, clusters.origin_site, clusters.origin_reason, clusters.origin_evidence,
        clusters.first_published_at, clusters.last_published_at)
       is distinct from
       (excluded.size, excluded.sites, excluded.head_article_id, excluded.origin_article_id, excluded.origin_agency,
        excluded.origin_url, excluded.origin_site, excluded.origin_reason, excluded.origin_evidence,
        excluded.first_published_at, excluded.last_published_at)
