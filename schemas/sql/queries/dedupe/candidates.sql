select article_id, set_size, candidate_ids, candidate_versions, candidate_revisions, candidate_sizes, signatures
  from core.find_candidates(%(article_ids)s::bigint[], %(window_days)s::integer, %(scheme_id)s::smallint)
