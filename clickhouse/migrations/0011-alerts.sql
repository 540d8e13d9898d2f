-- What became of alerts and of telling about them. By time, because it is read latest first; the id follows from the event, so
-- that one that is stored again after a restart meets itself.
CREATE TABLE IF NOT EXISTS alert_events {on_cluster} (
{columns:alert_events}
) ENGINE = {engine:ReplacingMergeTree()}
PARTITION BY {month:at}
ORDER BY (tenant, at, id)
SETTINGS {durable};
