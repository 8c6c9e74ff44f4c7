insert into core.reference_measures (article_id, reference_id, version, revision, reference_version, reference_revision,
                                     kind, jaccard, containment, share_of_reference)
select article_id, reference_id, version, revision, reference_version, reference_revision, kind, jaccard, containment,
       share_of_reference
  from jsonb_to_recordset(%(measures)s::jsonb) as given (
       article_id bigint, reference_id bigint, version integer, revision bigint, reference_version integer,
       reference_revision bigint, kind text, jaccard real, containment real, share_of_reference real)
 order by article_id
on conflict (article_id) do update
   set reference_id = excluded.reference_id, version = excluded.version, revision = excluded.revision,
       reference_version = excluded.reference_version, reference_revision = excluded.reference_revision,
       kind = excluded.kind, jaccard = excluded.jaccard, containment = excluded.containment,
       share_of_reference = excluded.share_of_reference
