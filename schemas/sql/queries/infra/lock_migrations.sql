-- Waits for another migration to end. The lock falls with the session.
select pg_advisory_lock(%(key)s)
