select count(*) from core.clusters
