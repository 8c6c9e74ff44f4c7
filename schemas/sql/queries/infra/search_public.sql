-- What a person types finds the public views first.
set search_path to wiretrace, public
