-- Whether any migration was ever applied.
select to_regclass('core._yoyo_migration') is not null
