-- Ids of clusters whose members went elsewhere. The clock is read under the locks of their stories, so the rows of one
-- id, and those of the ids that it leads to, are in the order in which they were written. It is read once: of two ids
-- that go at the same time the one does not lead on through the other.
insert into core.cluster_redirects (cluster_id, left_at, successor_id)
select cluster_id, left_at, successor_id
  from (select clock_timestamp() as left_at offset 0) clock
 cross join unnest(%(cluster_ids)s::bigint[], %(successor_ids)s::bigint[]) as given (cluster_id, successor_id)
