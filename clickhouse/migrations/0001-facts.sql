-- The first schema. {columns:…} is the column list of clickhouse/tables, {engine:…} and {on_cluster} the topology,
-- {durable} the settings every table shares, {month:…} the month of a time (see migrate.ts).

-- Minute first: time ranges read few granules; then the service, then the trace. A trace by id goes through the bloom
-- filter. The partition follows from the span's own start, so that a span that comes twice always meets itself.
CREATE TABLE IF NOT EXISTS spans {on_cluster} (
{columns:spans},
  INDEX by_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
  INDEX by_session session TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = {engine:ReplacingMergeTree(received_at)}
PARTITION BY {month:started_at}
ORDER BY (tenant, toStartOfMinute(started_at), service, trace_id, span_id)
SETTINGS {durable};

-- Rows of megabytes: the default of 10 MiB a granule would make granules of a few rows.
CREATE TABLE IF NOT EXISTS span_content {on_cluster} (
{columns:span_content}
) ENGINE = {engine:ReplacingMergeTree(received_at)}
PARTITION BY {month:started_at}
ORDER BY (tenant, trace_id, span_id)
SETTINGS index_granularity_bytes = 67108864, merge_max_block_size_bytes = 67108864, {durable};

-- Its columns as they were: the order names the id, which is computed since 0007.
CREATE TABLE IF NOT EXISTS ledger_entries {on_cluster} (
  tenant LowCardinality(String),
  project LowCardinality(String),
  id FixedString(32),
  kind Enum8('CHARGE' = 1, 'ADJUSTMENT' = 2, 'REVERSAL' = 3),
  reason LowCardinality(String),
  occurred_at DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
  posted_at DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
  trace_id FixedString(16),
  span_id FixedString(8),
  provider LowCardinality(String),
  model LowCardinality(String),
  meter LowCardinality(String),
  quantity Decimal(38, 12),
  unit_price Nullable(Decimal(38, 12)),
  amount Nullable(Decimal(38, 12)),
  basis Enum8('PRICED' = 1, 'REPORTED' = 2, 'UNPRICED' = 3),
  price_book_version LowCardinality(String),
  price_card LowCardinality(String),
  reverses FixedString(32),
  agent LowCardinality(String),
  user String,
  session String,
  workflow LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  revision UInt64,
  INDEX by_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1
) ENGINE = {engine:ReplacingMergeTree(revision)}
PARTITION BY {month:occurred_at}
ORDER BY (tenant, toDate(occurred_at), trace_id, span_id, id)
SETTINGS {durable};

CREATE TABLE IF NOT EXISTS policy_decisions {on_cluster} (
{columns:policy_decisions},
  INDEX by_time decided_at TYPE minmax GRANULARITY 1
) ENGINE = {engine:ReplacingMergeTree(revision)}
ORDER BY (tenant, trace_id, span_id, id)
SETTINGS {durable};

-- No partitions: a run's start can move back when an earlier span arrives late.
CREATE TABLE IF NOT EXISTS runs {on_cluster} (
{columns:runs},
  INDEX by_start started_at TYPE minmax GRANULARITY 1,
  INDEX by_version version TYPE minmax GRANULARITY 1
) ENGINE = {engine:ReplacingMergeTree(version)}
ORDER BY (tenant, trace_id)
SETTINGS {durable};

CREATE TABLE IF NOT EXISTS call_keys {on_cluster} (
{columns:call_keys}
) ENGINE = {engine:ReplacingMergeTree(ended_at)}
PARTITION BY {month:started_at}
ORDER BY (tenant, key, trace_id, span_id)
SETTINGS {durable};

CREATE TABLE IF NOT EXISTS price_books {on_cluster} (
{columns:price_books}
) ENGINE = {engine:ReplacingMergeTree()}
ORDER BY version
SETTINGS {durable};

CREATE TABLE IF NOT EXISTS policy_versions {on_cluster} (
{columns:policy_versions}
) ENGINE = {engine:ReplacingMergeTree()}
ORDER BY (tenant, policy_id, version)
SETTINGS {durable};
