-- Pairs that are no copies make no story, so no unit guards them: whoever writes one holds the list of its later end.
-- By number, so that any number of lists takes a bounded number of locks; in order; after the units of all stories.
select pg_advisory_xact_lock(hashtext('core.matches'), list)
  from (select distinct (article_id %% 1024)::integer as list from unnest(%(article_ids)s::bigint[]) as article_id
         order by list offset 0) lists
