-- The rules of some authorities, for a crawler that has not parsed them yet.
select authority, state, version, body from core.robots where authority = any(%(authorities)s)
