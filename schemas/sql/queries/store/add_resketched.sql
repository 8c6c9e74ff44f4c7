-- Notes articles whose stories are to be looked at (again). A note that is there already may be claimed by someone who looked
-- before what is noted now was written, so there is no "on conflict".
insert into core.resketched (article_id)
select article_id from unnest(%(article_ids)s::bigint[]) as i (article_id)
order by article_id;
