-- Before very many sketches are written at once; create_keys_index puts it back.
drop index if exists core.sketches_keys
