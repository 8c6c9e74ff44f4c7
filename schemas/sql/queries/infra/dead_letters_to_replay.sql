-- Dead letters that were not replayed yet: all, or those named.
select dead_letter_id, page_id, topic, partition, "offset"
  from core.dead_letters
 where replayed_at is null and (%(ids)s::bigint[] is null or dead_letter_id = any(%(ids)s))
