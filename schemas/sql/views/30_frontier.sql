-- The log's daily partitions.

create or replace function core.keep_fetches(keep_days integer) returns void
language plpgsql as $$
declare
    day date;
    old record;
begin
    -- One crawler at a time; the others need not wait for it.
    if not pg_try_advisory_xact_lock(hashtext('core.keep_fetches')) then
        return;
    end if;
    for day in select generate_series(((now() at time zone 'UTC')::date), ((now() at time zone 'UTC')::date) + 3, interval '1 day')::date loop
        if to_regclass(format('core.fetches_%s', to_char(day, 'YYYYMMDD'))) is null then
            begin
                execute format('create table core.fetches_%s partition of core.fetches for values from (%L) to (%L)',
                               to_char(day, 'YYYYMMDD'), day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC');
            exception when check_violation then
                -- Rows of that day are in core.fetches_rest already; they stay there.
                null;
            end;
        end if;
    end loop;
    for old in
        select c.relname from pg_class c join pg_inherits i on i.inhrelid = c.oid
         where i.inhparent = 'core.fetches'::regclass and c.relname ~ '^fetches_\d{8}$'
           and to_date(right(c.relname, 8), 'YYYYMMDD') < ((now() at time zone 'UTC')::date) - keep_days
    loop
        execute format('drop table core.%I', old.relname);
    end loop;
    delete from core.fetches_rest where fetched_at < ((now() at time zone 'UTC')::date) - keep_days;
end $$;
