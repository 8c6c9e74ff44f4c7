-- depends: 0002_articles
-- Sketches (the index that finds copies), matches (verified pairs) and clusters (stories).

-- How sketches are made. A sketch is compared with sketches of its own scheme only.
create table core.sketch_schemes (
    scheme_id     smallint    primary key,
    permutation   text        not null,
    seed          integer     not null,
    num_perm      smallint    not null,
    hash          text        not null,
    shingle       text        not null,
    normalisation text        not null,
    bands         smallint    not null,
    rows          smallint    not null,
    passage       text        not null,
    created_at    timestamptz not null default now()
);

-- One row per article: the newest version's sketch. Partitioned by first_seen_at in spans of four weeks (UTC, from
-- Monday 1970-01-05 on), so that the time window moves by dropping whole partitions (core.drop_sketches_before). A
-- look-up probes each partition of the window: two or three, not the five or six that single weeks would make.
create table core.sketches (
    article_id    bigint      not null,
    first_seen_at timestamptz not null,
    version       integer     not null,
    scheme_id     smallint    not null references core.sketch_schemes,
    site          text        not null,
    set_size      integer     not null,
    revision      bigint      not null,
    words         bytea       not null,
    signature     bytea       not null,
    keys          bigint[]    not null
) partition by range (first_seen_at);

-- No primary key: an index that holds first_seen_at tempts the planner to walk the window instead of the keys. The
-- lock on the article's row keeps its sketch single (queries/dedupe/delete_sketches.sql).
create index sketches_article on core.sketches using hash (article_id);

-- fastupdate stays off: a pending list is searched row by row at every look-up.
create index sketches_keys on core.sketches using gin (keys) with (fastupdate = off);

-- Keys of stock phrases: they propose pairs that come to nothing, and are no longer written into sketches.
create table core.stock_keys (
    key      bigint      primary key,
    noted_at timestamptz not null default clock_timestamp()
);

create function core.sketch_span(seen_at timestamptz) returns timestamptz
    language sql immutable parallel safe
    return date_bin('28 days', seen_at, '1970-01-05 00:00:00+00');

-- Creates the partition of the span of seen_at where it is missing. The table is made apart and then attached:
-- CREATE TABLE ... PARTITION OF would lock out every reader of core.sketches.
create function core.ensure_sketch_partition(seen_at timestamptz) returns text
    language plpgsql as $$
declare
    span_start constant timestamptz := core.sketch_span(seen_at);
    span_end   constant timestamptz := span_start + interval '28 days';
    name       constant text := 'sketches_' || to_char(span_start at time zone 'UTC', 'YYYYMMDD');
begin
    if to_regclass('core.' || name) is not null then
        return name;
    end if;
    perform pg_advisory_xact_lock(hashtext('core.sketches'));
    if to_regclass('core.' || name) is not null then
        return name;
    end if;
    execute format('create table core.%I (like core.sketches including storage)', name);
    execute format('alter table core.%I set (toast_tuple_target = 8160, autovacuum_vacuum_insert_scale_factor = 0.5)',
                   name);
    execute format('alter table core.sketches attach partition core.%I for values from (%L) to (%L)',
                   name, span_start, span_end);
    return name;
end $$;

-- Drops every partition that ends at or before the given time; returns their names. Articles, matches and
-- clusters stay.
create function core.drop_sketches_before(before timestamptz) returns setof text
    language plpgsql as $$
declare
    partition_name text;
begin
    for partition_name in
        select c.relname
          from pg_inherits i
          join pg_class c on c.oid = i.inhrelid
         where i.inhparent = 'core.sketches'::regclass
           and to_timestamp(substr(c.relname, 10) || ' 00:00:00 +00', 'YYYYMMDD HH24:MI:SS TZH') + interval '28 days'
               <= before
         order by c.relname
    loop
        execute format('drop table core.%I', partition_name);
        return next partition_name;
    end loop;
end $$;

-- Every pair that was measured and shares enough to be worth keeping; clusters are a function of the rows of
-- kind 'copy'. article_a < article_b.
create table core.matches (
    article_a             bigint      not null,
    article_b             bigint      not null,
    version_a             integer     not null,
    version_b             integer     not null,
    kind                  text        not null check (kind in ('copy', 'shares_text', 'same_site', 'template', 'quotation')),
    jaccard               real        not null check (jaccard between 0 and 1),
    containment_a_in_b    real        not null check (containment_a_in_b between 0 and 1),
    containment_b_in_a    real        not null check (containment_b_in_a between 0 and 1),
    longest_passage_words integer     not null,
    -- When it was written, not when its transaction began: whoever finds fewer matches spares those written since.
    matched_at            timestamptz not null default clock_timestamp(),
    announced_at          timestamptz,
    primary key (article_a, article_b),
    check (article_a < article_b)
-- Room for the one update that most rows get: announced_at, which no index may hold.
) with (fillfactor = 85);

create index matches_b on core.matches (article_b, article_a);

-- The time by which an article was out for certain (Node.known_by); with the URL key the order of all articles.
create function core.known_by(published_at timestamptz, published_certainty text, first_seen_at timestamptz)
    returns timestamptz
    language sql immutable parallel safe
    return least(published_at + case when published_certainty = 'date_only' then interval '86399 seconds'
                                     else interval '0' end,
                 first_seen_at);

-- Matches go with their articles. A foreign key would ask for both articles at every match: a third of its cost.
-- Whoever had a match with them is looked up again: it may keep another in its place.
create function core.forget_matches() returns trigger
    language plpgsql as $$
begin
    with first as (
        delete from core.matches m using gone where m.article_a = gone.article_id
        returning m.article_b as partner
    ), second as (
        delete from core.matches m using gone where m.article_b = gone.article_id
        returning m.article_a as partner
    )
    insert into core.resketched (article_id)
    select partner from (select partner from first union select partner from second) forgotten
      join core.articles a on a.article_id = partner
     order by partner on conflict do nothing;
    return null;
end $$;

create trigger forget_matches after delete on core.articles
    referencing old table as gone for each statement execute function core.forget_matches();

-- One story. cluster_id is the smallest article id of its members, so it is a function of the members.
create table core.clusters (
    cluster_id         bigint      primary key,
    size               integer     not null check (size >= 2),
    sites              integer     not null,
    head_article_id    bigint      not null references core.articles on delete cascade,
    origin_article_id  bigint      references core.articles on delete cascade,
    origin_agency      text,
    origin_url         text,
    origin_site        text,
    origin_reason      text        not null,
    origin_evidence    jsonb       not null,
    first_published_at timestamptz,
    last_published_at  timestamptz,
    changed_at         timestamptz not null default now()
);

create index clusters_size on core.clusters (size desc, cluster_id);
create index clusters_changed on core.clusters (changed_at);

-- One row per sketched article; cluster_id is null while it has no copy. An article keeps a bounded number of the
-- copies that are earlier than itself; where it has as many, horizon_at and horizon_key say which is the last of them.
-- component_id is the smallest article id that copies connect with it, where that is neither in its cluster nor its own.
create table core.memberships (
    article_id        bigint  primary key references core.articles on delete cascade,
    cluster_id        bigint,
    relation          text    check (relation in ('origin', 'verbatim', 'trimmed', 'edited', 'partial')),
    jaccard           real,
    containment       real,
    share_of_origin   real,
    is_origin         boolean not null default false,
    copied_from       bigint,
    is_credit_missing boolean,
    evidence          jsonb,
    component_id      bigint,
    horizon_at        timestamptz,
    horizon_key       text,
    check ((cluster_id is null) = (relation is null)),
    check ((horizon_at is null) = (horizon_key is null))
);

create index memberships_cluster on core.memberships (cluster_id, article_id) where cluster_id is not null;
create index memberships_component on core.memberships (component_id) where component_id is not null;

-- What a member shares with the article that its story is measured against, where no match says so: one row per member,
-- for the sketches named. The measures are null where the two share too little to be a match.
create table core.reference_measures (
    article_id         bigint  primary key references core.articles on delete cascade,
    reference_id       bigint  not null,
    version            integer not null,
    revision           bigint  not null,
    reference_version  integer not null,
    reference_revision bigint  not null,
    kind               text,
    jaccard            real,
    containment        real,
    share_of_reference real,
    check ((kind is null) = (jaccard is null))
);
