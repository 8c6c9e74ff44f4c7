-- What clusters and origins depend on, per article.
select a.article_id, a.version, a.url, a.url_key, a.canonical_url, a.source_link_url, a.site, a.title, a.word_count,
       a.published_at, a.published_certainty, a.first_seen_at, c.credits
  from core.articles a
  left join lateral (
      select jsonb_agg(jsonb_build_object('kind', kind, 'agency', agency, 'site', site, 'url', url,
                                          'confidence', confidence, 'item_id', item_id)
                       order by kind, agency, site, url, item_id) as credits
        from core.credits where article_id = a.article_id
  ) c on true
 where a.article_id = any(%(article_ids)s::bigint[])
