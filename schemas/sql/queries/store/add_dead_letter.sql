insert into core.dead_letters (topic, partition, "offset", page_id, url, key, size_bytes, stage, reason, worker)
select %(topic)s, %(partition)s, %(offset)s, %(page_id)s, %(url)s, %(key)s, %(size_bytes)s, %(stage)s, %(reason)s, %(worker)s
where not exists (
    select from core.dead_letters
    where topic = %(topic)s and partition = %(partition)s and "offset" = %(offset)s
      and size_bytes = %(size_bytes)s and reason = %(reason)s and replayed_at is null);
