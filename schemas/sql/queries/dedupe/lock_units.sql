select article_id from core.memberships where article_id = any(%(units)s::bigint[]) order by article_id for update
