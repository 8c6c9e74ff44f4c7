-- Adds the articles of a batch that are not known, and says of each whether its row now comes from this page.
-- A page that is delivered again finds its own page_id and says the same as the first time.
with input as materialized (
    select *
    from jsonb_to_recordset(%(articles)s::jsonb) as i (
        url_key text, url text, canonical_url text, is_alias boolean, host text, site text, site_name text,
        section text, title text, byline text, authors text[], organisations text[],
        published_at timestamptz, published_source text, published_certainty text, modified_at timestamptz,
        fetched_at timestamptz, language text, word_count integer, text text, text_hash text, extractor text,
        charset text, credit_agency text, source_link_url text, page_id uuid, crawl_id text)
),
stored as (
    insert into core.articles as a (
        url_key, url, canonical_url, is_alias, host, site, site_name, section, title, byline, authors, organisations,
        published_at, published_source, published_certainty, modified_at, first_seen_at, last_seen_at, language,
        word_count, text, text_hash, extractor, charset, credit_agency, source_link_url, page_id, crawl_id)
    select
        url_key, url, canonical_url, is_alias, host, site, site_name, section, title, byline, authors, organisations,
        published_at, published_source, published_certainty, modified_at, fetched_at, fetched_at, language,
        word_count, text, decode(text_hash, 'hex'), extractor, charset, credit_agency, source_link_url, page_id, crawl_id
    from input
    order by url_key
    on conflict (url_key) do update set
        first_seen_at = least(a.first_seen_at, excluded.first_seen_at),
        last_seen_at = greatest(a.last_seen_at, excluded.last_seen_at)
    returning a.article_id, a.url_key, a.version, a.page_id, a.first_seen_at
)
select s.article_id, s.url_key, s.version, s.first_seen_at, s.page_id = i.page_id as is_current
from stored s
join input i using (url_key)
order by s.url_key;
