select core.delete_sketches(%(article_ids)s::bigint[])
