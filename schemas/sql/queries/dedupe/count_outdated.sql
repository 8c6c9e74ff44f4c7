select count(*) from core.sketches where scheme_id <> %(scheme_id)s
