copy core.sketches (article_id, first_seen_at, version, scheme_id, site, set_size, revision, words, signature, keys)
from stdin (format binary)
