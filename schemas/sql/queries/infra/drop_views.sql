-- Drops the views and functions that the view files make, so that they can be made with other columns or results.
-- Without cascade: what somebody built on them is never dropped; it is named in the error instead.
do $$
declare
    object text;
    has_dropped boolean := true;
    is_left boolean := true;
begin
    while has_dropped and is_left loop
        has_dropped := false;
        is_left := false;
        for object in
            select format('%s %s', case c.relkind when 'm' then 'materialized view' else 'view' end, c.oid::regclass)
              from pg_class c
             where c.relnamespace = 'wiretrace'::regnamespace and c.relkind in ('v', 'm')
            union all
            select format('%s %s', case p.prokind when 'p' then 'procedure' else 'function' end, p.oid::regprocedure)
              from pg_proc p
             where p.pronamespace = 'wiretrace'::regnamespace
                or p.oid::regproc::text = any(string_to_array(current_setting('wiretrace.made_functions'), ','))
        loop
            begin
                execute 'drop ' || object;
                has_dropped := true;
            exception when dependent_objects_still_exist then
                is_left := true;
            end;
        end loop;
    end loop;
    if is_left then
        execute 'drop ' || object;
    end if;
end $$
