-- Pages and their outcomes: the ledger that says whether anything was lost.

create schema if not exists core;
create schema if not exists wiretrace;

create table core.pages (
    page_id       uuid        primary key,
    url_key       text        not null,
    url           text        not null,
    site          text        not null,
    crawl_id      text        not null,
    found_by      text        not null,
    fetched_at    timestamptz not null,
    published_at  timestamptz not null default now(),
    outcome       text        check (outcome in ('article', 'updated', 'unchanged', 'not_article', 'not_html', 'empty',
                                                 'too_large', 'extract_timeout', 'extract_failed', 'dead_letter')),
    reason        text,
    article_id    bigint,
    worked_at     timestamptz,
    check ((outcome is null) = (worked_at is null))
);

create index pages_open on core.pages (published_at) where outcome is null;
create index pages_url_key on core.pages (url_key);
create index pages_worked on core.pages (worked_at) where outcome is not null;

create table core.dead_letters (
    dead_letter_id bigint      generated always as identity primary key,
    topic          text        not null,
    partition      integer     not null,
    "offset"       bigint      not null,
    page_id        uuid,
    url            text,
    key            bytea,
    size_bytes     bigint      not null,
    stage          text        not null,
    reason         text        not null,
    worker         text        not null,
    failed_at      timestamptz not null default now(),
    replayed_at    timestamptz,
    unique (topic, partition, "offset", failed_at)
);
