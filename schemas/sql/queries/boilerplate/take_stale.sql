-- Takes articles whose sketch still has lines that were learnt later, and marks them as done (same transaction). Both rows
-- are locked, so that the text is the current one until it is sketched; and both are passed over where another
-- holds one, so that nobody is waited for (a worker that stores an article holds it and may mark it as stale).
with taken as materialized (
    select p.site_id, p.page_key, a.article_id, a.version, a.site, a.first_seen_at, a.text
    from core.site_pages p
    join core.articles a using (url_key)
    where p.is_stale
    order by p.site_id, p.page_key
    limit %(limit)s
    for no key update of p, a skip locked
),
done as (
    update core.site_pages p set is_stale = false
    from taken t
    where p.site_id = t.site_id and p.page_key = t.page_key
)
select t.site_id, t.article_id, t.version, t.site, t.first_seen_at, t.text,
       coalesce(c.credits, '[]'::jsonb) as credits
from taken t
left join lateral (
    select jsonb_agg(jsonb_build_object(
               'kind', kind, 'agency', agency, 'site', site, 'url', url, 'text', text, 'place', place,
               'confidence', confidence, 'item_id', item_id) order by kind, agency, url) as credits
    from core.credits where article_id = t.article_id
) c on true
order by t.article_id;
