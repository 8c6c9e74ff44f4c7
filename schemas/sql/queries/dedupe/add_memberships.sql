-- Returns the articles that had none: they were never sketched.
insert into core.memberships (article_id)
select article_id from unnest(%(article_ids)s::bigint[]) as article_id order by article_id
on conflict (article_id) do nothing
returning article_id
