-- Writes places in clusters, in the order of article ids; rows that say the same already are left alone.
with given as (
    select * from jsonb_to_recordset(%(memberships)s::jsonb) as given (
           article_id bigint, cluster_id bigint, relation text, jaccard real, containment real, share_of_origin real,
           is_origin boolean, copied_from bigint, is_credit_missing boolean, evidence jsonb, component_id bigint)
), changed as (
    select m.article_id
      from core.memberships m join given g using (article_id)
     where (m.cluster_id, m.relation, m.jaccard, m.containment, m.share_of_origin, m.is_origin, m.copied_from,
            m.is_credit_missing, m.evidence, m.component_id)
           is distinct from
           (g.cluster_id, g.relation, g.jaccard, g.containment, g.share_of_origin, g.is_origin, g.copied_from,
            g.is_credit_missing, g.evidence, g.component_id)
     order by m.article_id
       for update of m
)
update core.memberships m
   set cluster_id = g.cluster_id, relation = g.relation, jaccard = g.jaccard, containment = g.containment,
       share_of_origin = g.share_of_origin, is_origin = g.is_origin, copied_from = g.copied_from,
       is_credit_missing = g.is_credit_missing, evidence = g.evidence, component_id = g.component_id
  from changed join given g using (article_id)
 where m.article_id = changed.article_id
