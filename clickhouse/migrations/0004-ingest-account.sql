-- What became of what was received: a row a request and reason. Replacing, because a frame that is set aside, or that a
-- failed insert brings again with its neighbours, is told again under the same key.
CREATE TABLE IF NOT EXISTS ingest_account {on_cluster} (
{columns:ingest_account}
) ENGINE = {engine:ReplacingMergeTree(revision)}
PARTITION BY {month:at}
ORDER BY (tenant, at, instance, reason)
SETTINGS {durable};
