-- Marks a dead letter as replayed, and opens its page's outcome so that it can get another.
with replayed as (
    update core.dead_letters set replayed_at = now() where dead_letter_id = %(dead_letter_id)s returning page_id
)
update core.pages p set outcome = null, reason = null, worked_at = null, published_at = now()
  from replayed
 where p.page_id = replayed.page_id and p.outcome = 'dead_letter'
