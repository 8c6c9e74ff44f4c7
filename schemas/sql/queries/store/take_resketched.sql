-- Takes articles whose stories are to be looked at again; those that another worker holds are passed over.
delete from core.resketched
where article_id in (
    select article_id from core.resketched order by article_id limit %(limit)s for update skip locked)
returning article_id;
