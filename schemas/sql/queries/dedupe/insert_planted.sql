-- Articles and credits as a worker would have stored them; for measurements and tests.
with given as (
    select * from jsonb_to_recordset(%(articles)s::jsonb) as given (
           url_key text, url text, site text, title text, published_at timestamptz, published_certainty text,
           first_seen_at timestamptz, language text, word_count integer, text text, credit_agency text,
           source_link_url text, version integer)
), stored as (
    insert into core.articles (url_key, url, host, site, title, published_at, published_certainty, first_seen_at,
                               last_seen_at, language, word_count, text, text_hash, version, extractor, page_id,
                               crawl_id, credit_agency, source_link_url)
    select url_key, url, site, site, title, published_at, published_certainty, first_seen_at, first_seen_at, language,
           word_count, text, sha256(convert_to(text, 'UTF8')), version, 'planted', gen_random_uuid(), 'planted',
           credit_agency, source_link_url
      from given order by url_key
    on conflict (url_key) do update
       set text = excluded.text, text_hash = excluded.text_hash, version = excluded.version,
           word_count = excluded.word_count, published_at = excluded.published_at,
           credit_agency = excluded.credit_agency, source_link_url = excluded.source_link_url
    returning article_id, url_key
), credited as (
    insert into core.credits (article_id, kind, agency, text, place, confidence)
    select s.article_id, 'author_agency', g.credit_agency, g.credit_agency, 'before_body', 0.95
      from stored s join given g using (url_key) where g.credit_agency is not null
)
select url_key, article_id from stored
