-- Tells infra/drop_views which private functions the view files make; for this transaction.
select set_config('wiretrace.made_functions', %(names)s, true)
