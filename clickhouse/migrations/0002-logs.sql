-- Log records, as spans are: minute first, then the service; a trace's or a session's through a bloom filter. The id is made
-- of what the record says, so its time and service follow from it, and a record that comes twice always meets itself.
CREATE TABLE IF NOT EXISTS log_records {on_cluster} (
{columns:log_records},
  INDEX by_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
  INDEX by_session session TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = {engine:ReplacingMergeTree(received_at)}
PARTITION BY {month:at}
ORDER BY (tenant, toStartOfMinute(at), service, id)
SETTINGS {durable};
