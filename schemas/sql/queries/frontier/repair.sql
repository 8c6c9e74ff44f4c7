-- Queues pages again that were published but have no outcome: their messages are lost.
-- The page itself leaves the ledger, as the new fetch will be another page.
with lost as materialized (
    select p.page_id, u.url_id, u.host_key
      from core.pages p join core.urls u using (page_id)
     where p.outcome is null and p.published_at <= now() - %(older_than_s)s * interval '1 second'
     order by u.url_id
       for update of u
), removed as (
    delete from core.pages p using lost where p.page_id = lost.page_id and p.outcome is null
), queued as (
    update core.urls u set state = 'due', due_at = now(), page_id = null, reason = 'repair'
      from lost where u.url_id = lost.url_id
), woken as (
    update core.hosts h
       set offers = h.offers + 1,
           ready_at = case when h.claim_token is null then least(h.ready_at, greatest(h.next_at, now()))
                           else h.ready_at end
     where h.host_key in (select host_key from lost)
)
select count(*) from lost
