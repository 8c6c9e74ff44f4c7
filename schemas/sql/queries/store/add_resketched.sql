insert into core.resketched (article_id)
select article_id from unnest(%(article_ids)s::bigint[]) as i (article_id)
order by article_id
on conflict do nothing;
