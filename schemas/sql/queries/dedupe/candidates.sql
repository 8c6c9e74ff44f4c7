select article_id, candidate_id, candidate_version, candidate_revision, signature
  from core.find_candidates(%(article_ids)s::bigint[], %(keys)s::text[], %(window_days)s::integer,
                            %(scheme_id)s::smallint)
