-- Ids of clusters whose members went elsewhere. The clock is read under the locks of their stories, so the rows of one
-- id, and those of the ids that it leads to, are in the order in which they were written.
insert into core.cluster_redirects (cluster_id, left_at, successor_id)
select cluster_id, clock_timestamp(), successor_id
  from unnest(%(cluster_ids)s::bigint[], %(successor_ids)s::bigint[]) as given (cluster_id, successor_id)
