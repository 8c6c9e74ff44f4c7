select article_id, cluster_id from core.memberships where cluster_id is not null
