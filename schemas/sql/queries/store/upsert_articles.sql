-- Stores a batch of articles, one row for each URL key, and says what each page did.
-- %(articles)s is a JSON array; its objects have the columns below. Keys are unique within a batch.
-- A page takes a row over when its text differs and the page is newer; an alias (a page that stands under another
-- URL than the key) never takes over a row that came from the key's own URL, and is always taken over by it.
-- A page that is delivered again finds its own page_id and text and says the same as the first time; a page that is
-- extracted again by a newer extractor has its own page_id and another text, which takes the row over.
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
    select a.article_id, a.version, a.title, a.text, a.text_hash, a.page_id, a.last_seen_at, i.page_id as new_page_id
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
select s.article_id, s.url_key, coalesce(k.version + 1, s.version) as version, s.first_seen_at,
       k.article_id is not null as is_replaced,
       s.page_id = i.page_id as is_own
from stored s
join input i using (url_key)
left join known k using (article_id)
order by s.url_key;
