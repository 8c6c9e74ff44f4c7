update core.memberships m set horizon_at = given.horizon_at, horizon_key = given.horizon_key
  from unnest(%(article_ids)s::bigint[], %(horizon_at)s::timestamptz[], %(horizon_key)s::text[])
       as given (article_id, horizon_at, horizon_key)
 where m.article_id = given.article_id
