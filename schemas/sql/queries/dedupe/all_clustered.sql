select article_id, coalesce(component_id, cluster_id)
  from core.memberships where component_id is not null or cluster_id is not null
