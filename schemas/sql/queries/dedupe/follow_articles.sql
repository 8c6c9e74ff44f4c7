select core.follow_articles(%(article_ids)s::bigint[])
