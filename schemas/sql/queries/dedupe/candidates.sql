select article_id, candidate_id, candidate_version, signature
  from core.find_candidates(%(article_ids)s::bigint[], %(window_days)s::integer, %(scheme_id)s::smallint)
