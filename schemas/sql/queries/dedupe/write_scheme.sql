-- Notes how sketches are made. A row with the same id and another meaning is left alone and reported by no rows.
with given as (
    insert into core.sketch_schemes
        (scheme_id, permutation, seed, num_perm, hash, shingle, normalisation, bands, rows, passage)
    values (%(scheme_id)s, %(permutation)s, %(seed)s, %(num_perm)s, %(hash)s, %(shingle)s, %(normalisation)s,
            %(bands)s, %(rows)s, %(passage)s)
    on conflict (scheme_id) do nothing
    returning scheme_id
)
select scheme_id from given
union all
select scheme_id from core.sketch_schemes
 where scheme_id = %(scheme_id)s and permutation = %(permutation)s and seed = %(seed)s and num_perm = %(num_perm)s
   and hash = %(hash)s and shingle = %(shingle)s and normalisation = %(normalisation)s and bands = %(bands)s
   and rows = %(rows)s and passage = %(passage)s
