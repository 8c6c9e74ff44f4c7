select url_key from core.articles where url_key = any(%(url_keys)s);
