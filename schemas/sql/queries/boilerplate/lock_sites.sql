-- Locks the sites of a batch in one order, so that their lines are learnt by one worker at a time; gives their ids.
insert into core.site_learning (site)
select site from unnest(%(sites)s::text[]) as i (site) order by site
on conflict (site) do update set changed_at = now()
returning site_id, site, pages, pruned_at;
