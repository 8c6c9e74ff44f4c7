-- Notes how sketches are made. A row with the same id and another meaning gives way once no sketch is made its way; until
-- then it is left alone and reported by no rows. A row of the same meaning is written again, for it may be
-- one that another worker has written since this statement began to look.
insert into core.sketch_schemes as s
    (scheme_id, permutation, seed, num_perm, hash, shingle, normalisation, bands, rows, passage)
values (%(scheme_id)s, %(permutation)s, %(seed)s, %(num_perm)s, %(hash)s, %(shingle)s, %(normalisation)s,
        %(bands)s, %(rows)s, %(passage)s)
on conflict (scheme_id) do update
   set permutation = excluded.permutation, seed = excluded.seed, num_perm = excluded.num_perm, hash = excluded.hash,
       shingle = excluded.shingle, normalisation = excluded.normalisation, bands = excluded.bands,
       rows = excluded.rows, passage = excluded.passage
 where (s.permutation, s.seed, s.num_perm, s.hash, s.shingle, s.normalisation, s.bands, s.rows, s.passage)
       = (excluded.permutation, excluded.seed, excluded.num_perm, excluded.hash, excluded.shingle,
          excluded.normalisation, excluded.bands, excluded.rows, excluded.passage)
    or not exists (select from core.sketches where scheme_id = %(scheme_id)s)
returning scheme_id
