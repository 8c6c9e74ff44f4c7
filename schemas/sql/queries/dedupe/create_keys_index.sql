create index if not exists sketches_keys on core.sketches using gin (keys) with (fastupdate = off)
