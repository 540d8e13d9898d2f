-- Sums by day of users, sessions and tags: see clickhouse/cost-days.ts. They say by themselves how far they go, so sums of 0012 stay as they are.
CREATE TABLE IF NOT EXISTS cost_session_days {on_cluster} (
  tenant LowCardinality(String),
  day Date,
  project LowCardinality(String),
  environment LowCardinality(String),
  service LowCardinality(String),
  agent LowCardinality(String),
  workflow LowCardinality(String),
  user String,
  session String,
  tags LowCardinality(String),
  meter LowCardinality(String),
  basis LowCardinality(String),
  kind LowCardinality(String),
  amount Decimal(38, 12),
  quantity Decimal(38, 12),
  entries UInt64,
  unpriced UInt64,
  covered UInt64
) ENGINE = {engine:ReplacingMergeTree(covered)}
PARTITION BY {month:day}
ORDER BY (tenant, day, project, environment, service, agent, workflow, user, session, tags, meter, basis, kind)
SETTINGS {durable};

CREATE TABLE IF NOT EXISTS cost_session_days_covered {on_cluster} (
  partition_id String,
  covered UInt64,
  at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {engine:ReplacingMergeTree(covered)}
ORDER BY partition_id
SETTINGS {durable};
