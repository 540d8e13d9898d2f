-- Data points of metrics. A chart reads one metric over a range: the name first, then the hour, so that a range reads its own
-- hours only, then the series in time, as differences of cumulative points need it. All of the key follows from the point's
-- content, so that a point that is sent again always meets itself.
CREATE TABLE IF NOT EXISTS metric_points {on_cluster} (
{columns:metric_points}
) ENGINE = {engine:ReplacingMergeTree(received_at)}
PARTITION BY {month:at}
ORDER BY (tenant, name, toStartOfHour(at), series, at, started_at)
SETTINGS {durable};
