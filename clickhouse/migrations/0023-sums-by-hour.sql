-- Sums by hour, for charts by hour and for days of other time zones: see clickhouse/cost-days.ts. They say by themselves how far they go.
CREATE TABLE IF NOT EXISTS cost_hours {on_cluster} (
  tenant LowCardinality(String),
  day Date,
  hour DateTime('UTC'),
  project LowCardinality(String),
  environment LowCardinality(String),
  service LowCardinality(String),
  agent LowCardinality(String),
  workflow LowCardinality(String),
  provider LowCardinality(String),
  model LowCardinality(String),
  meter LowCardinality(String),
  basis LowCardinality(String),
  kind LowCardinality(String),
  reason LowCardinality(String),
  amount Decimal(38, 12),
  quantity Decimal(38, 12),
  entries UInt64,
  unpriced UInt64,
  covered UInt64
) ENGINE = {engine:ReplacingMergeTree(covered)}
PARTITION BY {month:day}
ORDER BY (tenant, day, hour, project, environment, service, agent, workflow, provider, model, meter, basis, kind, reason)
SETTINGS {durable};

CREATE TABLE IF NOT EXISTS cost_hours_covered {on_cluster} (
  partition_id String,
  covered UInt64,
  at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {engine:ReplacingMergeTree(covered)}
ORDER BY partition_id
SETTINGS {durable};
