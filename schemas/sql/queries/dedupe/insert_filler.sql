-- Articles that stand for texts of which only the sketch is written; for measurements.
insert into core.articles (url_key, url, host, site, published_at, published_certainty, first_seen_at, last_seen_at,
                           word_count, text, text_hash, extractor, page_id, crawl_id)
select key, 'https://' || key, site, site, seen_at, 'exact', seen_at, seen_at, 300, '', '', 'planted',
       gen_random_uuid(), 'planted'
  from unnest(%(keys)s::text[], %(sites)s::text[], %(seen_at)s::timestamptz[]) as given (key, site, seen_at)
 order by key
returning url_key, article_id
