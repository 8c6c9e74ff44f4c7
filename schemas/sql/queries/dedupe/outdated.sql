-- Articles whose sketch was made another way, of the words that are still made today: it can be made anew from them.
select s.article_id
  from core.sketches s
  join core.sketch_schemes made using (scheme_id)
 where s.scheme_id <> %(scheme_id)s and (made.hash, made.normalisation) = (%(hash)s, %(normalisation)s)
 order by s.article_id
