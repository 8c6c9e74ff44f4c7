-- Every article that copies connect with those named, with the unit that guards it, its cluster and its horizon.
select m.article_id, named.unit, m.cluster_id, m.horizon_at, m.horizon_key
  from (select distinct coalesce(component_id, cluster_id, article_id) as unit
          from core.memberships where article_id = any(%(article_ids)s::bigint[])) named
  -- Unit by unit: how many articles each has is not known beforehand, and a join would read all memberships.
  cross join lateral (
      select article_id, cluster_id, horizon_at, horizon_key
        from core.memberships where cluster_id = named.unit and component_id is null
      union all
      select article_id, cluster_id, horizon_at, horizon_key from core.memberships where component_id = named.unit
      union all
      select article_id, cluster_id, horizon_at, horizon_key
        from core.memberships where article_id = named.unit and cluster_id is null and component_id is null
      offset 0
  ) m
