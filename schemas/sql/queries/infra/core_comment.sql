-- What schema core is commented with.
select obj_description(to_regnamespace('core'), 'pg_namespace')
