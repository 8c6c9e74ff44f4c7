-- Where a URL key stands on the frontier.
select url, kind, state, reason, status, due_at, found_by, found_on from core.urls where url_key = %(url_key)s
