select (select count(*) from core.matches), (select count(*) from core.clusters)
