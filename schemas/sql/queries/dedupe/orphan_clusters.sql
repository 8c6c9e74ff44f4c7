-- Clusters that no article belongs to.
delete from core.clusters c where not exists (select from core.memberships m where m.cluster_id = c.cluster_id)
