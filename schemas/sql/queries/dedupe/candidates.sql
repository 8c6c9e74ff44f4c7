select article_id, candidate_ids, candidate_versions, candidate_revisions, signatures
  from core.find_candidates(%(article_ids)s::bigint[], %(window_days)s::integer, %(scheme_id)s::smallint)
