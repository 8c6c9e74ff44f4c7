-- Holds articles as they are: their sketches are not replaced before this transaction ends. In the order of their ids, as
-- they are locked by whoever replaces some.
select article_id from core.articles where article_id = any(%(article_ids)s::bigint[]) order by article_id
   for share
