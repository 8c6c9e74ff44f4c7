delete from core.clusters where cluster_id = any(%(cluster_ids)s::bigint[])
