-- Pairs that are no copies, of which the later end is named, and which are not among the earliest of its list or are
-- beyond its horizon. Row by row ("offset 0"): how long the lists are is guessed far too high, and joins
-- would read all matches and articles.
with later as (
    select a.article_id, core.known_by(a.published_at, a.published_certainty, a.first_seen_at) as known_by, a.url_key,
           m.horizon_at, m.horizon_key
      from core.articles a join core.memberships m using (article_id)
     where a.article_id = any(%(article_ids)s::bigint[])
), listed as (
    select p.article_a, p.article_b, p.known_by, p.url_key, l.horizon_at, l.horizon_key,
           row_number() over (partition by l.article_id order by p.known_by, p.url_key collate "C") as place
      from later l
      cross join lateral (
          select m.article_a, m.article_b, o.known_by, o.url_key
            from (select article_a, article_b, article_b as other
                    from core.matches where article_a = l.article_id and kind <> 'copy'
                  union all
                  select article_a, article_b, article_a
                    from core.matches where article_b = l.article_id and kind <> 'copy'
                  offset 0) m
            cross join lateral (
                select core.known_by(published_at, published_certainty, first_seen_at) as known_by, url_key
                  from core.articles where article_id = m.other offset 0
            ) o
          offset 0
      ) p
     where (p.known_by, p.url_key collate "C") < (l.known_by, l.url_key collate "C")
)
select article_a, article_b
  from listed
 where place > %(most)s::integer
    or (known_by, url_key collate "C") > (horizon_at, horizon_key collate "C")
