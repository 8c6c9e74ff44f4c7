select article_id, reference_id, version, revision, reference_version, reference_revision, kind, jaccard, containment,
       share_of_reference
  from core.reference_measures where article_id = any(%(article_ids)s::bigint[])
