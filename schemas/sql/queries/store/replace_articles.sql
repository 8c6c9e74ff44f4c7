-- Puts the new version of the text over articles that upsert_articles.sql has found to be replaced (same
-- transaction, rows locked there).
update core.articles a set
    url = i.url, canonical_url = i.canonical_url, is_alias = i.is_alias, site_name = i.site_name, section = i.section,
    title = i.title, byline = i.byline, authors = i.authors, organisations = i.organisations,
    published_at = i.published_at, published_source = i.published_source, published_certainty = i.published_certainty,
    modified_at = i.modified_at, language = i.language, word_count = i.word_count, text = i.text,
    text_hash = decode(i.text_hash, 'hex'), version = a.version + 1, extractor = i.extractor, charset = i.charset,
    credit_agency = i.credit_agency, source_link_url = i.source_link_url, page_id = i.page_id, crawl_id = i.crawl_id,
    updated_at = now()
from jsonb_to_recordset(%(articles)s::jsonb) as i (
    url_key text, url text, canonical_url text, is_alias boolean, site_name text, section text, title text,
    byline text, authors text[], organisations text[], published_at timestamptz, published_source text,
    published_certainty text, modified_at timestamptz, language text, word_count integer, text text, text_hash text,
    extractor text, charset text, credit_agency text, source_link_url text, page_id uuid, crawl_id text)
where a.url_key = i.url_key;
