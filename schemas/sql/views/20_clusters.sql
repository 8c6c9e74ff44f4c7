-- Copies: who told which story first, who took it from whom, how much of it and how fast.

-- Articles that share a band or a passage with the given ones, within the window on both sides (so that it does not
-- matter which of two came first); one row for each given article that has any. Sequential scans are off: on a young
-- partition the planner would choose one.
drop function if exists core.find_candidates(bigint[], text[], integer, smallint);
drop function if exists core.find_candidates(bigint[], integer, smallint);
create or replace function core.find_candidates(article_ids bigint[], window_days integer, scheme smallint)
returns table (article_id bigint, set_size integer, candidate_ids bigint[], candidate_versions integer[],
               candidate_revisions bigint[], candidate_sizes bytea, signatures bytea)
language sql stable
set enable_seqscan = off
set jit = off
as $$
    select own.article_id, own.set_size, array_agg(other.article_id), array_agg(other.version),
           array_agg(other.revision), string_agg(int4send(other.set_size), ''::bytea),
           string_agg(other.signature, ''::bytea)
      from core.articles a
      join core.sketches own on own.article_id = a.article_id and own.first_seen_at = a.first_seen_at
      cross join lateral (
          select s.article_id, s.version, s.revision, s.set_size, s.signature
            from core.sketches s
           where s.keys && own.keys
             and s.first_seen_at >= case when window_days = 0 then '-infinity'::timestamptz
                                         else a.first_seen_at - make_interval(days => window_days) end
             and s.first_seen_at <= case when window_days = 0 then 'infinity'::timestamptz
                                         else a.first_seen_at + make_interval(days => window_days) end
             and s.article_id <> own.article_id
             and s.scheme_id = scheme
           limit 5000
      ) other
     where a.article_id = any(article_ids) and own.scheme_id = scheme
     group by own.article_id, own.set_size
$$;

comment on function core.find_candidates is 'Pairs that share a band key or a passage key; to be verified.';

-- A URL as an analyst types it, near enough to its key: without scheme, www, fragment, tracking parameters and the
-- slash at its end. The exact key is computed in Python (schemas.urls.url_key).
create or replace function core.plain_url_key(url text) returns text
language sql immutable parallel safe
return regexp_replace(
    regexp_replace(
        regexp_replace(
            regexp_replace(
                regexp_replace(trim(url), '#.*$', ''),
                '([?&])(utm_[^=&]*|fbclid|gclid|mc_cid|mc_eid|igshid)=[^&]*', '\1', 'gi'),
            '^(https?:)?//(www\.)?', '', 'i'),
        '[?&]+$', ''),
    '/$', '');

comment on function core.plain_url_key(text) is 'The key of a URL as an analyst types it.';

-- Time between two publications. Where a page states only its day, whole days; null within one day, as nobody knows.
create or replace function core.lag_between(later timestamptz, later_certainty text, earlier timestamptz,
                                            earlier_certainty text)
returns interval
language sql immutable parallel safe
return case when 'date_only' in (later_certainty, earlier_certainty)
            then nullif(timezone('UTC', later)::date - timezone('UTC', earlier)::date, 0) * interval '1 day'
            else later - earlier end;

comment on function core.lag_between is 'Time between two publications, as exactly as their pages state it.';

create or replace view wiretrace.clusters as
select c.cluster_id, coalesce(o.title, h.title) as title, c.size, c.sites, c.origin_article_id, c.origin_url,
       c.origin_site, c.first_published_at, c.last_published_at,
       c.last_published_at - c.first_published_at as spread,
       c.origin_agency, c.origin_reason, c.origin_evidence, c.head_article_id, c.changed_at
  from core.clusters c
  join core.articles h on h.article_id = c.head_article_id
  left join core.articles o on o.article_id = c.origin_article_id;

comment on view wiretrace.clusters is 'Stories that were published more than once.';
comment on column wiretrace.clusters.cluster_id is 'The smallest article id among the members. When stories merge, the smallest stays; wiretrace.cluster_of(old id) leads from any earlier id to the current one. An id may come into use again, for whatever story its article is in; wiretrace.cluster_of(old id, when it was read) then leads to the right one.';
comment on column wiretrace.clusters.title is 'Headline of the origin, or of the head where the origin lies outside the crawl.';
comment on column wiretrace.clusters.size is 'Number of articles.';
comment on column wiretrace.clusters.sites is 'Number of sites.';
comment on column wiretrace.clusters.origin_article_id is 'The article that published the story first; null where the origin was not crawled.';
comment on column wiretrace.clusters.origin_url is 'URL of the origin; of an origin outside the crawl where a page names it.';
comment on column wiretrace.clusters.origin_site is 'Site of the origin, in the crawl or outside.';
comment on column wiretrace.clusters.first_published_at is 'Earliest published time of a member; days without a time of day count only where there is nothing else.';
comment on column wiretrace.clusters.last_published_at is 'Latest published time of a member; days without a time of day count only where there is nothing else.';
comment on column wiretrace.clusters.spread is 'Time from the first to the last publication.';
comment on column wiretrace.clusters.origin_agency is 'The news agency that the story comes from, by its short name.';
comment on column wiretrace.clusters.origin_reason is 'The strongest part of the score: linked, agency_page, credited_agency, linked_outside, item_id or earliest.';
comment on column wiretrace.clusters.origin_evidence is 'score and parts: the points of the origin by kind of evidence; candidates: the same of the best five; linked_by, credited_by, item_ids: what was found on the pages; known_by, certainty, next_known_by: the time that was believed.';
comment on column wiretrace.clusters.head_article_id is 'The member that the others were verified against.';
comment on column wiretrace.clusters.changed_at is 'When the cluster last changed.';

create or replace view wiretrace.cluster_members as
select m.cluster_id, m.article_id, a.url, a.site, a.published_at,
       core.lag_between(a.published_at, a.published_certainty, o.published_at, o.published_certainty) as lag,
       m.jaccard, m.containment, m.relation, m.evidence, m.share_of_origin, m.copied_from, m.is_credit_missing, m.is_origin,
       a.title, a.credit_agency, a.source_link_url
  from core.memberships m
  join core.articles a using (article_id)
  join core.clusters c using (cluster_id)
  left join core.articles o
    on o.article_id = coalesce(c.origin_article_id,
                               (select f.article_id
                                  from core.memberships f join core.articles fa using (article_id)
                                 where f.cluster_id = c.cluster_id and fa.published_at = c.first_published_at
                                 order by f.article_id limit 1));

comment on view wiretrace.cluster_members is 'The articles of every story, each measured against the origin; where that lies outside the crawl, against the member that is most like all others.';
comment on column wiretrace.cluster_members.cluster_id is 'The story.';
comment on column wiretrace.cluster_members.article_id is 'The member.';
comment on column wiretrace.cluster_members.url is 'Its URL.';
comment on column wiretrace.cluster_members.site is 'Its site.';
comment on column wiretrace.cluster_members.published_at is 'When it was published, as its page says.';
comment on column wiretrace.cluster_members.lag is 'Time since the origin was published (since the earliest member, where the origin lies outside). Where a page states only its day: whole days, null within one day.';
comment on column wiretrace.cluster_members.jaccard is 'Shared over all distinct word 4-shingles of the member and the origin; null where the two were not compared.';
comment on column wiretrace.cluster_members.containment is 'Share of the member''s text that the origin has.';
comment on column wiretrace.cluster_members.relation is 'origin; verbatim (both shares at least .9); trimmed (at least .8 of the member is the origin''s, which is longer); edited (at least .5 is); partial (the story is the lesser part of the member).';
comment on column wiretrace.cluster_members.evidence is 'What the page says of its source, and what it was compared with.';
comment on column wiretrace.cluster_members.share_of_origin is 'Share of the origin''s text that the member has taken.';
comment on column wiretrace.cluster_members.copied_from is 'The member that it most likely took the text from; null for the origin and for copies from outside.';
comment on column wiretrace.cluster_members.is_credit_missing is 'A copy whose page names neither the origin nor its agency.';
comment on column wiretrace.cluster_members.is_origin is 'Whether it is the origin.';
comment on column wiretrace.cluster_members.title is 'Its headline.';
comment on column wiretrace.cluster_members.credit_agency is 'The news agency that it credits.';
comment on column wiretrace.cluster_members.source_link_url is 'Target of the "Source link" on its page.';

-- Whether the page of one article names another, or its site, as its source: with a confidence of at least .5, as in
-- workers/dedupe/cluster.py.
-- Single columns, not rows: a row brings its text along. A URL's key takes longer than all the rest, so it is asked for
-- only where the URL has the other's site in it; in plpgsql, whose plans are kept from call to call.
create or replace function core.names_as_source(copy_id bigint, copy_source_link_url text, source_key text,
                                                source_site text, source_canonical_url text) returns boolean
language plpgsql stable as $$
begin
    return exists (select from core.credits c
                    where c.article_id = copy_id and c.confidence >= .5
                      and c.kind in ('canonical', 'source_link', 'originally_published', 'appeared_first', 'pixel',
                                     'syndication_meta')
                      and (c.site = source_site
                           or case when strpos(c.url, source_site) > 0
                                   then core.plain_url_key(c.url)
                                        in (source_key, core.plain_url_key(source_canonical_url)) end))
           or case when strpos(copy_source_link_url, source_site) > 0
                   then core.plain_url_key(copy_source_link_url) = source_key else false end;
end $$;

comment on function core.names_as_source(bigint, text, text, text, text) is 'Whether one article names the other, or its site, as its source.';

-- Which of two articles that share text the other took it from. What their story says; else, outside one story, which
-- page names the other; else the origin; else who was out before the other could have been. A story has weighed what its
-- members name already. Members note what their pages name, so the credits are read only of those that name something,
-- and of articles without a story.
create or replace function core.source_of_pair(a core.articles, b core.articles, of_a core.memberships,
                                               of_b core.memberships) returns bigint
language sql stable
return case when of_a.copied_from = b.article_id and of_b.copied_from is distinct from a.article_id
            then b.article_id
            when of_b.copied_from = a.article_id and of_a.copied_from is distinct from b.article_id
            then a.article_id
            else coalesce(
                case when (of_a.cluster_id = of_b.cluster_id) is not true
                      and (coalesce(of_a.evidence -> 'links' <> '[]', true)
                           or coalesce(of_b.evidence -> 'links' <> '[]', true))
                     then case (core.names_as_source(a.article_id, a.source_link_url, b.url_key, b.site, b.canonical_url)
                                is true)::integer
                               - (core.names_as_source(b.article_id, b.source_link_url, a.url_key, a.site, a.canonical_url)
                                  is true)::integer
                          when 1 then b.article_id when -1 then a.article_id end end,
                case when of_a.cluster_id = of_b.cluster_id and of_a.is_origin then a.article_id
                     when of_a.cluster_id = of_b.cluster_id and of_b.is_origin then b.article_id
                     when core.known_by(a.published_at, a.published_certainty, a.first_seen_at)
                          < core.known_from(b.published_at, b.published_certainty, b.first_seen_at)
                     then a.article_id
                     when core.known_by(b.published_at, b.published_certainty, b.first_seen_at)
                          < core.known_from(a.published_at, a.published_certainty, a.first_seen_at)
                     then b.article_id end)
       end;

comment on function core.source_of_pair is 'Which of two articles that share text the other took it from; null where nothing tells.';

-- When an article was published; where its page does not say, or the day was guessed, when it was first seen.
create or replace function core.stated_at(published_at timestamptz, published_certainty text, first_seen_at timestamptz)
returns timestamptz
language sql immutable parallel safe
return case when published_at is null or published_certainty = 'guessed' then first_seen_at else published_at end;

comment on function core.stated_at is 'Published time of an article, or when it was first seen.';

create or replace view wiretrace.matches as
with pairs as (
    select m.*, a.url as url_a, b.url as url_b, core.source_of_pair(a, b, ma, mb) as copied_from,
           core.stated_at(a.published_at, a.published_certainty, a.first_seen_at) as at_a,
           core.stated_at(b.published_at, b.published_certainty, b.first_seen_at) as at_b,
           a.published_certainty as certainty_a, b.published_certainty as certainty_b
      from core.matches m
      join core.articles a on a.article_id = m.article_a
      join core.articles b on b.article_id = m.article_b
      left join core.memberships ma on ma.article_id = m.article_a
      left join core.memberships mb on mb.article_id = m.article_b
     where m.kind in ('copy', 'shares_text')
)
select article_a, article_b, url_a, url_b, jaccard, containment_a_in_b, containment_b_in_a, kind,
       longest_passage_words, copied_from,
       case copied_from when article_b then core.lag_between(at_a, certainty_a, at_b, certainty_b)
                        when article_a then core.lag_between(at_b, certainty_b, at_a, certainty_a) end as lag,
       version_a, version_b, matched_at
  from pairs;

comment on view wiretrace.matches is 'Verified pairs of articles that share text; article_a is the smaller id. Pairs of kind copy make the clusters; an article keeps those with the 32 earliest of the copies that were out before it.';
comment on column wiretrace.matches.article_a is 'The smaller article id.';
comment on column wiretrace.matches.article_b is 'The larger article id.';
comment on column wiretrace.matches.url_a is 'URL of article_a.';
comment on column wiretrace.matches.url_b is 'URL of article_b.';
comment on column wiretrace.matches.jaccard is 'Shared over all distinct word 4-shingles; exact.';
comment on column wiretrace.matches.containment_a_in_b is 'Share of article_a''s shingles that article_b has.';
comment on column wiretrace.matches.containment_b_in_a is 'Share of article_b''s shingles that article_a has.';
comment on column wiretrace.matches.kind is 'copy, or shares_text: weaker reuse, which makes no cluster.';
comment on column wiretrace.matches.longest_passage_words is 'Length of the longest passage that both have, in words.';
comment on column wiretrace.matches.copied_from is 'Whichever the other took the text from: as their story says; else, outside one story, the one that the other page names, or whose site; else the origin of their story; else the one that was out for certain before the other could have been. Null where nothing is named and the times leave both open: days without a time of day, clocks without a zone, guessed days, pages without a date.';
comment on column wiretrace.matches.lag is 'Time from the source''s publication to the copy''s, where copied_from tells; negative where the copy claims to be earlier. Where a page states no time, first_seen_at stands for it; where it states only its day: whole days, null within one day.';
comment on column wiretrace.matches.version_a is 'Version of article_a''s text that was measured.';
comment on column wiretrace.matches.version_b is 'Version of article_b''s text that was measured.';
comment on column wiretrace.matches.matched_at is 'When the pair was verified.';

create or replace view wiretrace.rejected_matches as
select m.article_a, m.article_b, a.url as url_a, b.url as url_b, m.jaccard, m.containment_a_in_b,
       m.containment_b_in_a, m.kind as reason, m.longest_passage_words, m.matched_at
  from core.matches m
  join core.articles a on a.article_id = m.article_a
  join core.articles b on b.article_id = m.article_b
 where m.kind not in ('copy', 'shares_text');

comment on view wiretrace.rejected_matches is 'Pairs that share much text and are no copies all the same.';
comment on column wiretrace.rejected_matches.article_a is 'The smaller article id.';
comment on column wiretrace.rejected_matches.article_b is 'The larger article id.';
comment on column wiretrace.rejected_matches.url_a is 'URL of article_a.';
comment on column wiretrace.rejected_matches.url_b is 'URL of article_b.';
comment on column wiretrace.rejected_matches.jaccard is 'Shared over all distinct word 4-shingles; exact.';
comment on column wiretrace.rejected_matches.containment_a_in_b is 'Share of article_a''s shingles that article_b has.';
comment on column wiretrace.rejected_matches.containment_b_in_a is 'Share of article_b''s shingles that article_a has.';
comment on column wiretrace.rejected_matches.reason is 'template (same skeleton, other numbers and names), quotation (shared only within quotation marks) or same_site (a site''s own standing text).';
comment on column wiretrace.rejected_matches.longest_passage_words is 'Length of the longest passage that both have, in words.';
comment on column wiretrace.rejected_matches.matched_at is 'When the pair was verified.';

-- Where the story is now that had this id at that time. Every step goes to a later time, so it ends.
create or replace function core.follow_cluster(cluster_id bigint, read_at timestamptz) returns bigint
language sql stable
begin atomic
    with recursive trail (successor_id, left_at) as (
        (select r.successor_id, r.left_at
           from core.cluster_redirects r
          where r.cluster_id = follow_cluster.cluster_id and r.left_at > follow_cluster.read_at
          order by r.left_at limit 1)
        union all
        select n.successor_id, n.left_at
          from trail t
          cross join lateral (
              select r.successor_id, r.left_at
                from core.cluster_redirects r
               where r.cluster_id = t.successor_id and r.left_at > t.left_at
               order by r.left_at limit 1) n
    ), now_at (cluster_id) as (
        -- Not redirected since: the id itself.
        select coalesce((select successor_id from trail order by left_at desc limit 1),
                        case when not exists (select from trail) then follow_cluster.cluster_id end)
    )
    select coalesce((select m.cluster_id from core.memberships m join now_at on m.cluster_id = now_at.cluster_id limit 1),
                    (select m.cluster_id from core.memberships m where m.article_id = follow_cluster.cluster_id));
end;

comment on function core.follow_cluster is 'The current id of the story that had this cluster id at that time.';

create or replace function wiretrace.cluster_of(cluster_id bigint) returns bigint
language sql stable
begin atomic
    select case when exists (select from core.memberships m where m.cluster_id = cluster_of.cluster_id)
                then cluster_of.cluster_id
                else core.follow_cluster(cluster_of.cluster_id,
                                         coalesce((select max(r.left_at) - interval '1 microsecond'
                                                     from core.cluster_redirects r
                                                    where r.cluster_id = cluster_of.cluster_id), 'infinity')) end;
end;

comment on function wiretrace.cluster_of(bigint) is 'The current id of the cluster that has or had this id: an id in use leads to itself, an earlier one to the cluster that kept most of its members when the id was last given up; null where none of them has a copy any more. The id of any article leads to its cluster.';

create or replace function wiretrace.cluster_of(cluster_id bigint, read_at timestamptz) returns bigint
language sql stable
begin atomic
    select core.follow_cluster(cluster_of.cluster_id, cluster_of.read_at);
end;

comment on function wiretrace.cluster_of(bigint, timestamptz) is 'The current id of the story that had this cluster id at that time, though another story may have the id now.';

create or replace function wiretrace.cluster_timeline(cluster_id bigint)
returns table (article_id bigint, url text, site text, title text, published_at timestamptz, lag interval,
               relation text, jaccard real, containment real, share_of_origin real, copied_from bigint,
               credit_agency text, source_link_url text, is_origin boolean)
language sql stable
begin atomic
    select m.article_id, m.url, m.site, m.title, m.published_at, m.lag, m.relation, m.jaccard, m.containment,
           m.share_of_origin, m.copied_from, m.credit_agency, m.source_link_url, m.is_origin
      from wiretrace.cluster_members m
     where m.cluster_id = wiretrace.cluster_of(cluster_timeline.cluster_id)
     order by m.is_origin desc, m.published_at nulls last, m.article_id;
end;

comment on function wiretrace.cluster_timeline(bigint) is 'The members of a story in the order of their publication, the origin first; earlier ids of the cluster work too.';

create or replace function wiretrace.duplicates_of(url text)
returns table (article_id bigint, url text, site text, title text, published_at timestamptz, relation text,
               jaccard real, containment real, lag interval, is_origin boolean, cluster_id bigint)
language sql stable
begin atomic
    select m.article_id, m.url, m.site, m.title, m.published_at, m.relation, m.jaccard, m.containment, m.lag,
           m.is_origin, m.cluster_id
      from wiretrace.cluster_members m
     where m.cluster_id in (select own.cluster_id
                              from core.articles a join core.memberships own using (article_id)
                             where a.url = duplicates_of.url
                                or a.url_key = duplicates_of.url
                                or a.url_key = core.plain_url_key(duplicates_of.url))
       and not exists (select from core.articles a
                        where a.article_id = m.article_id
                          and (a.url = duplicates_of.url or a.url_key = duplicates_of.url
                               or a.url_key = core.plain_url_key(duplicates_of.url)))
     order by m.published_at nulls last, m.article_id;
end;

comment on function wiretrace.duplicates_of(text) is 'The other articles that tell the same story as the one at this URL, in the order of their publication.';
