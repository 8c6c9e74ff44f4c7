-- Dead letters, the newest first.
select dead_letter_id, failed_at, stage, reason, url, size_bytes, topic, partition, "offset", worker, replayed_at
  from wiretrace.dead_letters
 where %(with_replayed)s or replayed_at is null
 order by failed_at desc, dead_letter_id desc
 limit %(limit)s
