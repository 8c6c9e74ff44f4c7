-- Notes articles that lost pairs that are no copies from a list that was full: they may keep others in their place.
insert into core.resketched (article_id)
select l.article_id
  from unnest(%(article_ids)s::bigint[], %(lost)s::integer[]) as l (article_id, lost)
  join core.articles own on own.article_id = l.article_id
 where l.lost
       + (select count(*)
            from (select article_b as other from core.matches where article_a = l.article_id and kind <> 'copy'
                  union all
                  select article_a from core.matches where article_b = l.article_id and kind <> 'copy') m
            join core.articles a on a.article_id = m.other
           where (core.known_by(a.published_at, a.published_certainty, a.first_seen_at), a.url_key collate "C")
                 < (core.known_by(own.published_at, own.published_certainty, own.first_seen_at),
                    own.url_key collate "C")) >= %(most)s::integer
 order by l.article_id
