-- Puts the credits of a batch of articles in the place of their earlier ones.
-- %(article_ids)s: all articles of the batch, also those without a credit; %(credits)s: a JSON array of objects with
-- the columns of core.credits. Credits that stay keep the time at which they were found.
with input as materialized (
    select distinct article_id, kind, agency, site, url, text, place, confidence::real as confidence, item_id
    from jsonb_to_recordset(%(credits)s::jsonb) as i (
        article_id bigint, kind text, agency text, site text, url text, text text, place text, confidence real,
        item_id text)
),
dropped as (
    delete from core.credits c
    where c.article_id = any(%(article_ids)s::bigint[])
      and not exists (
          select from input i
          where i.article_id = c.article_id
            and (i.kind, i.agency, i.site, i.url, i.text, i.place, i.confidence, i.item_id)
                is not distinct from (c.kind, c.agency, c.site, c.url, c.text, c.place, c.confidence, c.item_id))
)
insert into core.credits (article_id, kind, agency, site, url, text, place, confidence, item_id)
select i.article_id, i.kind, i.agency, i.site, i.url, i.text, i.place, i.confidence, i.item_id
from input i
where not exists (
    select from core.credits c
    where c.article_id = i.article_id
      and (i.kind, i.agency, i.site, i.url, i.text, i.place, i.confidence, i.item_id)
          is not distinct from (c.kind, c.agency, c.site, c.url, c.text, c.place, c.confidence, c.item_id))
order by i.article_id, i.kind, i.agency, i.url;
