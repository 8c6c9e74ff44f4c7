-- The article of a URL key.
select a.article_id, a.url, a.site, a.title, a.byline, a.published_at, a.word_count, a.credit_agency,
       a.source_link_url, w.cluster_id, a.language
  from core.articles a join wiretrace.articles w using (article_id)
 where a.url_key = %(url_key)s
