-- depends: 0001_base
-- Articles: one row per URL key, holding the newest version of the text.

create table core.articles (
    article_id          bigint      generated always as identity primary key,
    url_key             text        not null unique,
    url                 text        not null,
    canonical_url       text,
    is_alias            boolean     not null default false,
    host                text        not null,
    site                text        not null,
    site_name           text,
    section             text,
    title               text,
    byline              text,
    authors             text[]      not null default '{}',
    organisations       text[]      not null default '{}',
    published_at        timestamptz,
    published_source    text,
    published_certainty text        check (published_certainty in ('exact', 'no_zone', 'date_only', 'hint', 'guessed')),
    modified_at         timestamptz,
    first_seen_at       timestamptz not null,
    last_seen_at        timestamptz not null,
    language            text,
    word_count          integer     not null check (word_count >= 0),
    text                text        not null,
    text_hash           bytea       not null,
    version             integer     not null default 1 check (version >= 1),
    extractor           text        not null,
    charset             text,
    credit_agency       text,
    source_link_url     text,
    page_id             uuid        not null,
    crawl_id            text        not null,
    updated_at          timestamptz not null default now()
);

create index articles_site on core.articles (site, first_seen_at);
create index articles_published on core.articles (published_at);
create index articles_source_link on core.articles (source_link_url) where source_link_url is not null;
create index articles_credit on core.articles (credit_agency) where credit_agency is not null;

-- Texts that were replaced by a newer version of the same URL.
create table core.article_versions (
    article_id   bigint      not null references core.articles on delete cascade,
    version      integer     not null,
    title        text,
    text         text        not null,
    text_hash    bytea       not null,
    page_id      uuid        not null,
    seen_at      timestamptz not null,
    replaced_at  timestamptz not null default now(),
    primary key (article_id, version)
);

-- Articles whose stories are still to be looked at, since they were sketched anew or may keep another match in place of
-- one that went away; empty but for a moment.
create table core.resketched (
    article_id bigint primary key references core.articles on delete cascade
);
