-- Ways in which no sketch is made any more.
delete from core.sketch_schemes made
 where scheme_id <> %(scheme_id)s
   and not exists (select from core.sketches s where s.scheme_id = made.scheme_id)
