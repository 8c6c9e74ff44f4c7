-- depends: 0002_articles
-- Credits (attributions found on pages), and the lines that a site repeats over its pages.

-- The credits of the newest version of an article; replaced as a whole with it.
create table core.credits (
    article_id bigint      not null references core.articles on delete cascade,
    kind       text        not null check (kind in ('author_agency', 'canonical', 'dateline', 'reporting_by', 'item_id',
                                                    'copyright', 'wire_mark', 'originally_published', 'appeared_first',
                                                    'pixel', 'source_link', 'syndication_meta', 'contributed',
                                                    'plugin_mark', 'url_path')),
    agency     text,
    site       text,
    url        text,
    text       text        not null,
    place      text        not null check (place in ('head', 'before_body', 'body_start', 'body_middle', 'body_end',
                                                     'after_body', 'page')),
    confidence real        not null check (confidence between 0 and 1),
    item_id    text,
    found_at   timestamptz not null default now()
);

create index credits_article on core.credits (article_id);
create index credits_agency on core.credits (agency, kind) where agency is not null;
create index credits_item on core.credits (item_id) where item_id is not null;

-- One row per site; it is the lock under which the site's lines are learnt.
create table core.site_learning (
    site_id    integer     generated always as identity primary key,
    site       text        not null unique,
    pages      bigint      not null default 0,
    pruned_at  bigint      not null default 0,
    changed_at timestamptz not null default now()
);

-- The recent articles of a site: what tells a line that the site repeats from a story that it ran twice.
-- shingles is a bottom-k sketch of the text; is_stale asks for a new sketch since a line of it was learnt later.
create table core.site_pages (
    site_id    integer     not null references core.site_learning on delete cascade,
    page_key   bigint      not null,
    url_key    text        not null,
    ordinal    bigint      not null,
    shingles   bigint[]    not null,
    size       integer     not null,
    is_stale   boolean     not null default false,
    seen_at    timestamptz not null default now(),
    primary key (site_id, page_key)
);

create index site_pages_recent on core.site_pages (site_id, ordinal);
create index site_pages_stale on core.site_pages (site_id, page_key) where is_stale;

-- The lines of those articles; page_keys is the set of articles that had the line, until it is known as repeated.
create table core.site_lines (
    site_id     integer     not null references core.site_learning on delete cascade,
    line_key    bigint      not null,
    page_keys   bigint[]    not null,
    is_repeated boolean     not null default false,
    ordinal     bigint      not null,
    seen_at     timestamptz not null default now(),
    primary key (site_id, line_key)
);
