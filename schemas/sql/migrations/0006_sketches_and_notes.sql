-- depends: 0005_clusters
-- Every article has one sketch, of its text as it is now and at the time at which it was first seen.

-- Both find sketches by article alone. Sequential scans are off: a young partition has no statistics, and all of it
-- would be read for a few articles.
create function core.delete_sketches(article_ids bigint[]) returns void
    language sql
    set enable_seqscan = off
    as $$
    delete from core.sketches s
     using unnest(article_ids) as old (article_id)
     where s.article_id = old.article_id
$$;

comment on function core.delete_sketches is 'Takes the sketches of these articles away, in whichever partition they lie.';

create function core.follow_articles(article_ids bigint[]) returns void
    language sql
    set enable_seqscan = off
    as $$
    update core.sketches s set first_seen_at = a.first_seen_at
      from unnest(article_ids) as moved (article_id)
      join core.articles a on a.article_id = moved.article_id
     where s.article_id = moved.article_id and s.version = a.version and s.first_seen_at <> a.first_seen_at
$$;

comment on function core.follow_articles is 'Moves the sketches of these articles to the times at which the articles were first seen.';

-- Sketches were deleted at the article's time alone, so those at an earlier time were left over, and might have been
-- moved beside the current one since. Of several that look current any may be it: the first stays, and their
-- stories are looked at again.
create temporary table spare_sketches on commit drop as
select s.tableoid as partition, s.ctid as place, s.article_id,
       row_number() over (partition by s.article_id
                          order by s.version = a.version desc nulls last, s.first_seen_at = a.first_seen_at desc,
                                   s.first_seen_at, s.ctid) as number,
       coalesce(s.version = a.version, false) as is_current
  from core.sketches s
  left join core.articles a on a.article_id = s.article_id
 where a.article_id is null
    or s.version <> a.version
    or s.first_seen_at <> a.first_seen_at
    or exists (select from core.sketches other
                where other.article_id = s.article_id
                  and (other.tableoid, other.ctid) <> (s.tableoid, s.ctid));

delete from core.sketches s using spare_sketches spare
 where s.tableoid = spare.partition and s.ctid = spare.place and (spare.number > 1 or not spare.is_current);

do $$ begin
    perform core.ensure_sketch_partition(span)
       from (select distinct core.sketch_span(a.first_seen_at) as span
               from spare_sketches spare join core.articles a using (article_id)
              where spare.is_current) spans;
    perform core.follow_articles(array(select article_id from spare_sketches where is_current));
end $$;

insert into core.resketched (article_id)
select distinct article_id from spare_sketches join core.articles using (article_id)
on conflict do nothing;

-- As before, but whoever made sure of a partition keeps it: it is not dropped before the transaction ends. And once it is
-- our turn the catalogue is read: to_regclass may answer from memory that another has not made it.
create or replace function core.ensure_sketch_partition(seen_at timestamptz) returns text
    language plpgsql as $$
declare
    span_start constant timestamptz := core.sketch_span(seen_at);
    span_end   constant timestamptz := span_start + interval '28 days';
    name       constant text := 'sketches_' || to_char(span_start at time zone 'UTC', 'YYYYMMDD');
begin
    lock table core.sketches in row exclusive mode;
    if to_regclass('core.' || name) is not null then
        return name;
    end if;
    perform pg_advisory_xact_lock(hashtext('core.sketches'));
    if exists (select from pg_class where relnamespace = 'core'::regnamespace and relname = name) then
        return name;
    end if;
    execute format('create table core.%I (like core.sketches including storage)', name);
    execute format('alter table core.%I set (toast_tuple_target = 8160, autovacuum_vacuum_insert_scale_factor = 0.5)',
                   name);
    execute format('alter table core.sketches attach partition core.%I for values from (%L) to (%L)',
                   name, span_start, span_end);
    return name;
end $$;

-- core.resketched becomes a list of notes, of which an article may have several. A note is only ever added and taken away
-- again: whoever adds one waits for nobody, and what is noted while an article is looked at is not lost. A note stays
-- until the events that follow from it are acknowledged; meanwhile it is claimed.
alter table core.resketched drop constraint resketched_pkey;
alter table core.resketched add column note_id bigint generated always as identity primary key;
alter table core.resketched add column claimed_by integer;
alter table core.resketched add column claimed_at timestamptz;
alter table core.resketched add column tries integer not null default 0;
alter table core.resketched add check ((claimed_by is null) = (claimed_at is null));
create index resketched_article on core.resketched (article_id);

comment on column core.resketched.claimed_by is
    'server process of the worker that looks at the article; the claim ends with its session (queries/store/claim_resketched.sql)';
