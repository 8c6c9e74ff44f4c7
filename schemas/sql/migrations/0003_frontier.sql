-- depends: 0002_articles
-- The frontier: which URL may be fetched when, from which host, by which crawler.
--
-- One row of core.hosts per politeness key is the guarantee of politeness: whoever holds its claim token is the only
-- one that may talk to that host. All times are the database's clock.

create table core.sites (
    site          text        primary key,
    url           text        not null,
    kind          text        not null default 'publisher',
    spec          jsonb       not null default '{}',
    delay_s       real        check (delay_s >= 0),
    politeness    text        not null default 'site' check (politeness in ('site', 'host') or politeness like 'group:_%'),
    daily_quota   integer     check (daily_quota > 0),
    is_paused     boolean     not null default false,
    added_at      timestamptz not null default now(),
    changed_at    timestamptz not null default now(),
    last_new_at   timestamptz
);
comment on column core.sites.spec is 'the site list''s entry: feeds, sitemaps, listings, allow, deny, max_age_days ...';

create table core.hosts (
    host_key        text        primary key,
    site            text        not null,
    delay_s         real        not null check (delay_s >= 0),
    crawl_delay_s   real        not null default 0 check (crawl_delay_s >= 0),
    daily_quota     integer     not null default 5000 check (daily_quota > 0),
    is_paused       boolean     not null default false,
    next_at         timestamptz not null default now(),
    ready_at        timestamptz not null default now(),
    offers          bigint      not null default 0,
    claim_token     uuid,
    claimed_by      text,
    claimed_at      timestamptz,
    claim_until     timestamptz,
    claimed_url_id  bigint,
    failures        integer     not null default 0 check (failures >= 0),
    streak          smallint    not null default 0,
    last_failure_at timestamptz,
    back_off_until  timestamptz,
    back_off_reason text,
    address         inet,
    quota_day       date        not null default (now() at time zone 'UTC')::date,
    quota_used      integer     not null default 0,
    check ((claim_token is null) = (claim_until is null))
) with (fillfactor = 70);
comment on column core.hosts.next_at is 'no request before this';
comment on column core.hosts.ready_at is
    'when a crawler should look at this host: next_at, or the end of the claim and its pause, or infinity with nothing due';
comment on column core.hosts.failures is 'back-offs in a row; the next one doubles the last';
comment on column core.hosts.streak is 'answers in a row that were timeouts, resets or 5xx';
comment on column core.hosts.offers is
    'counts additions of due URLs, so that a claim that saw none can tell whether one came in meanwhile';

create index hosts_ready on core.hosts (ready_at) where not is_paused;
create index hosts_claimed on core.hosts (claim_until) where claim_token is not null;
create index hosts_site on core.hosts (site);

-- robots.txt of one authority (scheme, host and port), shared by all crawlers.
create table core.robots (
    authority     text        primary key,
    state         text        not null default 'unknown'
                              check (state in ('unknown', 'rules', 'free', 'unavailable')),
    body          bytea,
    status        integer,
    crawl_delay_s real,
    fetched_at    timestamptz,
    expires_at    timestamptz,
    version       bigint      not null default 0
);
comment on column core.robots.state is
    'rules: body holds them; free: the site has none; unavailable: 5xx, 429 or no answer, so nothing may be fetched';

create table core.urls (
    url_id            bigint      generated always as identity primary key,
    url_key           text        not null unique,
    id_key            text,
    url               text        not null,
    found_url         text,
    site              text        not null,
    host_key          text        not null,
    authority         text        not null,
    kind              text        not null check (kind in ('robots', 'home', 'listing', 'feed', 'sitemap', 'wp_json',
                                                  'article')),
    priority          smallint    not null,
    state             text        not null
                                  check (state in ('due', 'waiting', 'done', 'redirected', 'gone', 'denied', 'dropped',
                                                   'failed', 'quarantined')),
    due_at            timestamptz not null default now(),
    tries             smallint    not null default 0,
    failures          smallint    not null default 0,
    hops              smallint    not null default 0,
    reason            text,
    found_by          text        not null,
    found_on          text,
    hint_title        text,
    hint_published_at timestamptz,
    news              jsonb,
    is_probe          boolean     not null default false,
    is_once           boolean     not null default false,
    walk              text,
    poll              jsonb,
    left_out          jsonb,
    status            smallint,
    page_id           uuid,
    offered_at        timestamptz not null default now(),
    fetched_at        timestamptz,
    settled_at        timestamptz
) with (fillfactor = 85);
comment on column core.urls.state is
    'due: may be fetched when its host is ready; waiting: becomes due at due_at; all others are ends';
comment on column core.urls.tries is 'claims since the last settle: what kills its crawler is quarantined by this';
comment on column core.urls.id_key is 'host and article id, where the slug is decoration: bounds one article under many slugs';
comment on column core.urls.walk is 'what discovery keeps with a document: depth and page number of bounded walks';
comment on column core.urls.news is
    'what a news sitemap says: publication, language, genres, keywords, stock_tickers';
comment on column core.urls.poll is 'state of the revisit policy';
comment on column core.urls.left_out is
    'how many URLs the last reading of a document left out, by reason';
comment on column core.urls.found_url is 'the URL as found, where a redirect has replaced it';

create index urls_due on core.urls (host_key, priority, hint_published_at desc nulls last, url_id) where state = 'due';
create index urls_waiting on core.urls (due_at) where state = 'waiting';
create index urls_held on core.urls (authority)
 where state = 'waiting' and reason in ('robots_unavailable', 'robots_pending');
create index urls_page on core.urls (page_id) where page_id is not null;
create index urls_ids on core.urls (id_key) where id_key is not null;
create index urls_chased on core.urls (site, offered_at) where found_by in ('source_link', 'canonical');
create index urls_of_stories on core.urls (site, offered_at) where found_by = 'article';
create index urls_documents on core.urls (site, kind) where kind <> 'article';

-- How many claims stand on each address. The statement that asks has its turn until it ends: what another claim has
-- committed is seen, as each query of a volatile function sees what was committed before it.
create function core.claims_by_address() returns table (address inet, claims bigint)
    language plpgsql volatile as $$
begin
    perform pg_advisory_xact_lock(hashtext('core.claims'));
    return query select h.address, count(*) from core.hosts h
                  where h.claim_token is not null and h.claim_until > now() and h.address is not null
                  group by h.address;
end $$;

create table core.crawlers (
    crawler_id text        primary key,
    machine    text        not null,
    pid        integer     not null,
    crawl_id   text        not null,
    started_at timestamptz not null default now(),
    seen_at    timestamptz not null default now(),
    ended_at   timestamptz,
    progress   jsonb       not null default '{}'
);

-- One row per request. Partitions by day; core.keep_fetches() makes them ahead and drops the old ones.
create table core.fetches (
    fetched_at    timestamptz not null,
    claimed_at    timestamptz not null,
    elapsed_s     real        not null,
    host_key      text        not null,
    site          text        not null,
    url_id        bigint      not null,
    url           text        not null,
    kind          text        not null,
    crawl_id      text        not null,
    crawler_id    text        not null,
    status        smallint,
    outcome       text        not null,
    reason        text,
    size_bytes    integer     not null default 0,
    content_type  text,
    address       inet,
    noindex       text,
    retry_after_s real,
    pause_s       real        not null,
    page_id       uuid
) partition by range (fetched_at);
create table core.fetches_rest partition of core.fetches default;
comment on column core.fetches.fetched_at is 'when the answer was complete: the host''s pause counts from here';
comment on column core.fetches.claimed_at is 'from when it could be sent: the request was sent after this';
create index fetches_host on core.fetches (host_key, fetched_at);
