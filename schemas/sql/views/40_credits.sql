-- What pages say about where their stories come from.

create or replace view wiretrace.credits as
select c.article_id, a.url as article_url, a.site as article_site, c.kind, c.agency, c.site, c.url, c.text, c.place,
       c.confidence, c.item_id, c.found_at
from core.credits c
join core.articles a using (article_id);

comment on view wiretrace.credits is 'Every attribution found on a page of an article: who is named, by which sign, where on the page.';
comment on column wiretrace.credits.article_id is 'The article whose page carries the credit.';
comment on column wiretrace.credits.article_url is 'The URL of that article.';
comment on column wiretrace.credits.article_site is 'The site of that article.';
comment on column wiretrace.credits.kind is 'The sign: author_agency, canonical, dateline, reporting_by, item_id, copyright, wire_mark, originally_published, appeared_first, pixel, source_link, syndication_meta, contributed (derived, not copied), plugin_mark (a hint about the site), url_path.';
comment on column wiretrace.credits.agency is 'The agency named, by its short name (ap, reuters, dpa …).';
comment on column wiretrace.credits.site is 'The site named: a registrable domain.';
comment on column wiretrace.credits.url is 'The URL named.';
comment on column wiretrace.credits.text is 'The exact text found, at most 300 characters.';
comment on column wiretrace.credits.place is 'Where it stands: head, before_body, body_start, body_middle, body_end, after_body, page.';
comment on column wiretrace.credits.confidence is '0 to 1: how sure it is that the story came from whom the credit names.';
comment on column wiretrace.credits.item_id is 'The owner''s own id of the story, on which copies can be joined.';
comment on column wiretrace.credits.found_at is 'When the credit was first found on the page.';
