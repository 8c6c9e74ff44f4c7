-- depends: 0006_sketches_and_notes
-- What became of cluster ids that went away; how certain a published time is; units whose article was deleted.

-- Until left_at, cluster_id was the id of a story; most of its members then went on in successor_id (null: none of them
-- has a copy any more). A fact of history, which no rebuild takes away: an id may come into use again and leave again.
create table core.cluster_redirects (
    cluster_id   bigint      not null,
    left_at      timestamptz not null,
    successor_id bigint,
    primary key (cluster_id, left_at),
    check (successor_id <> cluster_id)
);

-- The time by which an article was out for certain (Node.known_by); with the URL key the order of all articles. A clock
-- without a zone is at most 12 hours behind UTC; a guessed day says nothing. Stable as its sum is: only then does Postgres
-- put its text in the place of its call.
create or replace function core.known_by(published_at timestamptz, published_certainty text, first_seen_at timestamptz)
    returns timestamptz
    language sql stable parallel safe
    return least(case published_certainty when 'date_only' then published_at + interval '86399 seconds'
                                          when 'no_zone' then published_at + interval '12 hours'
                                          when 'guessed' then null
                                          else published_at end,
                 first_seen_at);

-- The time before which an article was not out for certain (Node.known_from). A clock without a zone is at most 14 hours
-- ahead of UTC.
create function core.known_from(published_at timestamptz, published_certainty text, first_seen_at timestamptz)
    returns timestamptz
    language sql stable parallel safe
    return case when published_at is null or published_certainty = 'guessed' then '-infinity'::timestamptz
                else least(published_at - case when published_certainty = 'no_zone' then interval '14 hours'
                                               else interval '0' end,
                           first_seen_at) end;

-- Stories in which the order changes are computed anew.
insert into core.resketched (article_id)
select m.article_id
  from core.memberships m
 where m.cluster_id in (select own.cluster_id
                          from core.memberships own join core.articles a using (article_id)
                         where a.published_certainty in ('no_zone', 'guessed'))
    or m.component_id is not null
 order by m.article_id;

-- A unit is the row of the smallest article of a component; when that is deleted, the next smallest takes its place in
-- all rows, or two workers could hold the component at the same time.
create function core.rename_units() returns trigger
    language plpgsql as $$
begin
    with named as (
        select m.article_id, m.component_id as unit
          from core.memberships m join gone on m.component_id = gone.article_id
        union all
        select m.article_id, m.cluster_id
          from core.memberships m join gone on m.cluster_id = gone.article_id
         where m.component_id is null
    ), left_over as (
        select m.article_id, named.unit
          from core.memberships m join named using (article_id)
         where not exists (select from gone where gone.article_id = m.article_id)
         order by m.article_id
           for update of m
    ), renamed as (
        select article_id, min(article_id) over (partition by unit) as unit from left_over
    )
    -- Whoever is named after itself says so by its own id, or by its cluster's, which is gone until it is written anew.
    update core.memberships m
       set component_id = case when renamed.unit = m.article_id and coalesce(m.cluster_id, m.article_id) = m.article_id
                               then null else renamed.unit end
      from renamed where m.article_id = renamed.article_id;
    return null;
end $$;

create trigger rename_units after delete on core.articles
    referencing old table as gone for each statement execute function core.rename_units();
