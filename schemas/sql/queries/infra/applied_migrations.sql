-- Names of the migrations that were applied.
select migration_id from core._yoyo_migration
