-- Puts what newer pages say over the articles of a batch that are known, and says of each that is known whether this page is
-- its newest. Where the text differs it is a new version, and the old one goes to core.article_versions; where only
-- facts differ (a headline, a byline, a credit, a date) the version stays.
-- %(articles)s is a JSON array of articles with distinct keys, as for add_articles.sql, which runs after this.
-- An alias (a page that stands under another URL than the key) never takes over a row that came from the key's own
-- URL, and is always taken over by it. A date gives way to one that is as certain, and to none that is only guessed.
-- A page that is extracted again by a newer extractor has its own page_id and another text, and takes the row over.
-- All rows are locked first, in the order of their ids: so does whoever holds several of them otherwise.
with input as materialized (
    select *
    from jsonb_to_recordset(%(articles)s::jsonb) as i (
        url_key text, url text, canonical_url text, is_alias boolean, host text, site text, site_name text,
        section text, title text, byline text, authors text[], organisations text[],
        published_at timestamptz, published_source text, published_certainty text, modified_at timestamptz,
        fetched_at timestamptz, language text, word_count integer, text text, text_hash text, extractor text,
        charset text, credit_agency text, source_link_url text, page_id uuid, crawl_id text)
),
held as materialized (
    select a.article_id, a.url_key, a.version, a.title, a.text, a.text_hash, a.page_id, a.last_seen_at, a.is_alias,
           a.published_at, a.published_certainty
    from core.articles a
    join input i using (url_key)
    order by a.article_id
    for no key update of a
),
known as materialized (
    select h.*, case when i.is_alias = h.is_alias then i.fetched_at >= h.last_seen_at else h.is_alias end as is_newest,
           h.text_hash <> decode(i.text_hash, 'hex') as has_new_text,
           i.published_at is not null
           and (h.published_at is null
                or ranks.of_page < ranks.of_row
                or (ranks.of_page = ranks.of_row and h.published_certainty not in ('hint', 'guessed'))) as has_date
    from held h
    join input i using (url_key)
    cross join lateral (
        select array_position(names, i.published_certainty) as of_page,
               array_position(names, h.published_certainty) as of_row
        from (select array['exact', 'no_zone', 'date_only', 'hint', 'guessed'] as names) certainties
    ) ranks
),
archived as (
    insert into core.article_versions (article_id, version, title, text, text_hash, page_id, seen_at)
    select article_id, version, title, text, text_hash, page_id, last_seen_at
    from known
    where is_newest and has_new_text
    on conflict do nothing
),
said as (
    select k.article_id, k.has_new_text, k.has_date, i.*
    from known k
    join input i using (url_key)
    where k.is_newest
),
replaced as (
    update core.articles a set
        url = s.url, canonical_url = s.canonical_url, is_alias = s.is_alias, host = s.host, site_name = s.site_name,
        section = s.section, title = s.title, byline = s.byline, authors = s.authors, organisations = s.organisations,
        published_at = case when s.has_date then s.published_at else a.published_at end,
        published_source = case when s.has_date then s.published_source else a.published_source end,
        published_certainty = case when s.has_date then s.published_certainty else a.published_certainty end,
        modified_at = s.modified_at, language = s.language, credit_agency = s.credit_agency,
        source_link_url = s.source_link_url, updated_at = now(),
        word_count = case when s.has_new_text then s.word_count else a.word_count end,
        text = case when s.has_new_text then s.text else a.text end,
        text_hash = case when s.has_new_text then decode(s.text_hash, 'hex') else a.text_hash end,
        version = case when s.has_new_text then a.version + 1 else a.version end,
        extractor = case when s.has_new_text then s.extractor else a.extractor end,
        charset = case when s.has_new_text then s.charset else a.charset end,
        page_id = case when s.has_new_text then s.page_id else a.page_id end,
        crawl_id = case when s.has_new_text then s.crawl_id else a.crawl_id end
    from said s
    where a.article_id = s.article_id
      and (s.has_new_text
           or (a.canonical_url, a.is_alias, a.site_name, a.section, a.title, a.byline, a.authors, a.organisations,
               a.modified_at, a.language, a.credit_agency, a.source_link_url)
              is distinct from
              (s.canonical_url, s.is_alias, s.site_name, s.section, s.title, s.byline, s.authors, s.organisations,
               s.modified_at, s.language, s.credit_agency, s.source_link_url)
           or s.has_date and (a.published_at, a.published_source, a.published_certainty)
                             is distinct from (s.published_at, s.published_source, s.published_certainty))
)
select url_key, is_newest from known;
