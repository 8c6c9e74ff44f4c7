-- Puts new texts over the articles of a batch that have another one; the old text goes to core.article_versions.
-- %(articles)s is a JSON array of articles with distinct keys, as for add_articles.sql, which runs after this.
-- A page takes a row over when its text differs and the page is newer; an alias (a page that stands under another
-- URL than the key) never takes over a row that came from the key's own URL, and is always taken over by it.
-- A page that is extracted again by a newer extractor has its own page_id and another text, and takes the row over.
with input as materialized (
    select *
    from jsonb_to_recordset(%(articles)s::jsonb) as i (
        url_key text, url text, canonical_url text, is_alias boolean, host text, site text, site_name text,
        section text, title text, byline text, authors text[], organisations text[],
        published_at timestamptz, published_source text, published_certainty text, modified_at timestamptz,
        fetched_at timestamptz, language text, word_count integer, text text, text_hash text, extractor text,
        charset text, credit_agency text, source_link_url text, page_id uuid, crawl_id text)
),
known as materialized (
    select a.article_id, a.version, a.title, a.text, a.text_hash, a.page_id, a.last_seen_at
    from core.articles a
    join input i using (url_key)
    where a.text_hash <> decode(i.text_hash, 'hex')
      and case when i.is_alias = a.is_alias then i.fetched_at >= a.last_seen_at else a.is_alias end
    order by a.url_key
    for update of a
),
archived as (
    insert into core.article_versions (article_id, version, title, text, text_hash, page_id, seen_at)
    select article_id, version, title, text, text_hash, page_id, last_seen_at
    from known
    on conflict do nothing
)
update core.articles a set
    url = i.url, canonical_url = i.canonical_url, is_alias = i.is_alias, host = i.host, site_name = i.site_name,
    section = i.section, title = i.title, byline = i.byline, authors = i.authors, organisations = i.organisations,
    published_at = i.published_at, published_source = i.published_source, published_certainty = i.published_certainty,
    modified_at = i.modified_at, language = i.language, word_count = i.word_count, text = i.text,
    text_hash = decode(i.text_hash, 'hex'), version = k.version + 1, extractor = i.extractor, charset = i.charset,
    credit_agency = i.credit_agency, source_link_url = i.source_link_url, page_id = i.page_id, crawl_id = i.crawl_id,
    updated_at = now()
from known k, input i
where a.article_id = k.article_id and i.url_key = a.url_key;
