-- Takes articles whose sketch still has lines that were learnt later, and marks them as done (same transaction).
with taken as materialized (
    select site_id, page_key
    from core.site_pages
    where is_stale
    order by site_id, page_key
    limit %(limit)s
    for update skip locked
),
done as (
    update core.site_pages p set is_stale = false
    from taken t
    where p.site_id = t.site_id and p.page_key = t.page_key
    returning p.site_id, p.url_key
)
select d.site_id, a.article_id, a.version, a.site, a.first_seen_at, a.text,
       coalesce(c.credits, '[]'::jsonb) as credits
from done d
join core.articles a using (url_key)
left join lateral (
    select jsonb_agg(jsonb_build_object(
               'kind', kind, 'agency', agency, 'site', site, 'url', url, 'text', text, 'place', place,
               'confidence', confidence, 'item_id', item_id) order by kind, agency, url) as credits
    from core.credits where article_id = a.article_id
) c on true
order by a.article_id;
