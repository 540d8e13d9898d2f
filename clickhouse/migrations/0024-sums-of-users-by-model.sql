-- Sums by day of users and tags with their models: see clickhouse/cost-days.ts. They say by themselves how far they go.
CREATE TABLE IF NOT EXISTS cost_user_days {on_cluster} (
  tenant LowCardinality(String),
  day Date,
  environment LowCardinality(String),
  user String,
  tags LowCardinality(String),
  provider LowCardinality(String),
  model LowCardinality(String),
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
ORDER BY (tenant, day, environment, user, tags, provider, model, meter, basis, kind)
SETTINGS {durable}, default_compression_codec = 'ZSTD(1)';

CREATE TABLE IF NOT EXISTS cost_user_days_covered {on_cluster} (
  partition_id String,
  covered UInt64,
  at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {engine:ReplacingMergeTree(covered)}
ORDER BY partition_id
SETTINGS {durable};

-- A quarter less on the disk; what is there changes with its next merge.
ALTER TABLE cost_days {on_cluster} MODIFY SETTING default_compression_codec = 'ZSTD(1)';
ALTER TABLE cost_session_days {on_cluster} MODIFY SETTING default_compression_codec = 'ZSTD(1)';
ALTER TABLE cost_hours {on_cluster} MODIFY SETTING default_compression_codec = 'ZSTD(1)';
