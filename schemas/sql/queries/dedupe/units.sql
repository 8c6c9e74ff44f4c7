-- The units that guard the stories of the articles named.
select distinct coalesce(component_id, cluster_id, article_id)
  from core.memberships where article_id = any(%(article_ids)s::bigint[])
