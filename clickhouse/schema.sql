-- What all migrations together make of an empty store, in one step: a new store begins here, because each change of a table takes the
-- engine some 20 ms and there were a hundred of them. A migration is written into both; `migrate.test.ts` compares them.

CREATE TABLE IF NOT EXISTS spans {on_cluster} (
{columns:spans},
  INDEX by_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
  INDEX by_session session TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_value attribute_values TYPE bloom_filter(0.025) GRANULARITY 1
) ENGINE = {engine:ReplacingMergeTree(received_at)}
PARTITION BY {month:started_at}
ORDER BY (tenant, toStartOfMinute(started_at), service, trace_id, started_at, span_id)
SETTINGS auto_statistics_types = '', min_level_for_wide_part = 1, default_compression_codec = 'ZSTD(1)', merge_selector_base = 20, vertical_merge_algorithm_min_rows_to_activate = 1, {durable};

CREATE TABLE IF NOT EXISTS span_content {on_cluster} (
{columns:span_content}
) ENGINE = {engine:ReplacingMergeTree(received_at)}
PARTITION BY {month:started_at}
ORDER BY (tenant, trace_id, span_id)
SETTINGS auto_statistics_types = '', default_compression_codec = 'ZSTD(1)', vertical_merge_algorithm_min_rows_to_activate = 1, merge_selector_base = 10, index_granularity_bytes = 67108864, merge_max_block_size_bytes = 67108864, {durable};

CREATE TABLE IF NOT EXISTS ledger_entries {on_cluster} (
{columns:ledger_entries},
  INDEX by_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1
) ENGINE = {engine:ReplacingMergeTree(revision)}
PARTITION BY {month:occurred_at}
ORDER BY (tenant, toDate(occurred_at), trace_id, span_id, meter, kind, own_id)
SETTINGS auto_statistics_types = '', min_level_for_wide_part = 1, default_compression_codec = 'ZSTD(1)', merge_selector_base = 20, vertical_merge_algorithm_min_rows_to_activate = 1, {durable};

CREATE TABLE IF NOT EXISTS policy_decisions {on_cluster} (
{columns:policy_decisions},
  INDEX by_time decided_at TYPE minmax GRANULARITY 1
) ENGINE = {engine:ReplacingMergeTree(revision)}
ORDER BY (tenant, trace_id, span_id, id)
SETTINGS auto_statistics_types = '', default_compression_codec = 'ZSTD(1)', vertical_merge_algorithm_min_rows_to_activate = 1, merge_selector_base = 10, {durable};

CREATE TABLE IF NOT EXISTS runs {on_cluster} (
{columns:runs},
  INDEX by_start started_at TYPE minmax GRANULARITY 1,
  INDEX by_version version TYPE minmax GRANULARITY 1,
  INDEX by_end assumeNotNull(ended_at) TYPE minmax GRANULARITY 1
) ENGINE = {engine:ReplacingMergeTree(version)}
ORDER BY (tenant, trace_id)
SETTINGS auto_statistics_types = '', min_level_for_wide_part = 1, default_compression_codec = 'ZSTD(1)', vertical_merge_algorithm_min_rows_to_activate = 1, merge_selector_base = 10, {durable};

CREATE TABLE IF NOT EXISTS call_keys {on_cluster} (
{columns:call_keys}
) ENGINE = {engine:ReplacingMergeTree(ended_at)}
PARTITION BY {month:started_at}
ORDER BY (tenant, key, trace_id, span_id)
SETTINGS auto_statistics_types = '', min_level_for_wide_part = 1, index_granularity = 256, default_compression_codec = 'ZSTD(1)', merge_selector_base = 10, vertical_merge_algorithm_min_rows_to_activate = 1, {durable};

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

CREATE TABLE IF NOT EXISTS log_records {on_cluster} (
{columns:log_records},
  INDEX by_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
  INDEX by_session session TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = {engine:ReplacingMergeTree(received_at)}
PARTITION BY {month:at}
ORDER BY (tenant, toStartOfMinute(at), service, id)
SETTINGS auto_statistics_types = '', min_level_for_wide_part = 1, default_compression_codec = 'ZSTD(1)', vertical_merge_algorithm_min_rows_to_activate = 1, merge_selector_base = 10, {durable};

CREATE TABLE IF NOT EXISTS metric_points {on_cluster} (
{columns:metric_points}
) ENGINE = {engine:ReplacingMergeTree(received_at)}
PARTITION BY {month:at}
ORDER BY (tenant, name, toStartOfHour(at), series, at, started_at)
SETTINGS auto_statistics_types = '', min_level_for_wide_part = 1, default_compression_codec = 'ZSTD(1)', vertical_merge_algorithm_min_rows_to_activate = 1, merge_selector_base = 10, {durable};

CREATE TABLE IF NOT EXISTS ingest_account {on_cluster} (
{columns:ingest_account}
) ENGINE = {engine:ReplacingMergeTree(revision)}
PARTITION BY {month:at}
ORDER BY (tenant, at, instance, reason)
SETTINGS auto_statistics_types = '', default_compression_codec = 'ZSTD(1)', vertical_merge_algorithm_min_rows_to_activate = 1, merge_selector_base = 10, {durable};

CREATE TABLE IF NOT EXISTS conformance {on_cluster} (
{columns:conformance}
) ENGINE = {engine:ReplacingMergeTree()}
PARTITION BY {month:at}
ORDER BY (tenant, at, instance, service, scope_name, scope_version, dialect, kind, finding, attribute, found, convention)
SETTINGS auto_statistics_types = '', {durable}, merge_selector_base = 10, vertical_merge_algorithm_min_rows_to_activate = 1;

CREATE TABLE IF NOT EXISTS price_book_activations {on_cluster} (
{columns:price_book_activations}
) ENGINE = {engine:ReplacingMergeTree()}
ORDER BY (tenant, activated_at, version)
SETTINGS {durable};

CREATE TABLE IF NOT EXISTS budget_versions {on_cluster} (
{columns:budget_versions}
) ENGINE = {engine:ReplacingMergeTree()}
ORDER BY (tenant, budget_id, version)
SETTINGS {durable};

CREATE TABLE IF NOT EXISTS alert_events {on_cluster} (
{columns:alert_events}
) ENGINE = {engine:ReplacingMergeTree()}
PARTITION BY {month:at}
ORDER BY (tenant, at, id)
SETTINGS {durable};

CREATE TABLE IF NOT EXISTS cost_days {on_cluster} (
  tenant LowCardinality(String),
  day Date,
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
ORDER BY (tenant, day, project, environment, service, agent, workflow, provider, model, meter, basis, kind, reason)
SETTINGS {durable}, default_compression_codec = 'ZSTD(1)';

CREATE TABLE IF NOT EXISTS cost_days_covered {on_cluster} (
  partition_id String,
  covered UInt64,
  at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {engine:ReplacingMergeTree(covered)}
ORDER BY partition_id
SETTINGS {durable};

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
SETTINGS {durable}, default_compression_codec = 'ZSTD(1)';

CREATE TABLE IF NOT EXISTS cost_session_days_covered {on_cluster} (
  partition_id String,
  covered UInt64,
  at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {engine:ReplacingMergeTree(covered)}
ORDER BY partition_id
SETTINGS {durable};

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
SETTINGS {durable}, default_compression_codec = 'ZSTD(1)';

CREATE TABLE IF NOT EXISTS cost_hours_covered {on_cluster} (
  partition_id String,
  covered UInt64,
  at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {engine:ReplacingMergeTree(covered)}
ORDER BY partition_id
SETTINGS {durable};

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

CREATE TABLE IF NOT EXISTS bill_lines {on_cluster} (
{columns:bill_lines}
) ENGINE = {engine:ReplacingMergeTree(imported_at)}
PARTITION BY {month:day}
ORDER BY (tenant, day, import_id, provider, account, model, meter)
SETTINGS {durable};

CREATE TABLE IF NOT EXISTS bill_imports {on_cluster} (
{columns:bill_imports}
) ENGINE = {engine:ReplacingMergeTree(imported_at)}
ORDER BY (tenant, import_id)
SETTINGS {durable};

CREATE TABLE IF NOT EXISTS bill_approvals {on_cluster} (
{columns:bill_approvals}
) ENGINE = {engine:ReplacingMergeTree()}
ORDER BY (tenant, entry_id)
SETTINGS {durable};

CREATE TABLE IF NOT EXISTS reprice_orders {on_cluster} (
{columns:reprice_orders}
) ENGINE = {engine:ReplacingMergeTree()}
ORDER BY (tenant, id, state)
SETTINGS {durable};

CREATE TABLE IF NOT EXISTS reprice_parts {on_cluster} (
{columns:reprice_parts}
) ENGINE = {engine:ReplacingMergeTree()}
ORDER BY (tenant, id, receivers, receiver)
SETTINGS {durable};

CREATE TABLE IF NOT EXISTS closed_months {on_cluster} (
{columns:closed_months}
) ENGINE = {engine:ReplacingMergeTree()}
ORDER BY (tenant, month, closed_at)
SETTINGS {durable};

CREATE TABLE IF NOT EXISTS budget_approvals {on_cluster} (
{columns:budget_approvals}
) ENGINE = {engine:ReplacingMergeTree()}
ORDER BY (tenant, budget_id, approval_id, withdrawn)
SETTINGS {durable};

CREATE TABLE IF NOT EXISTS alert_rule_versions {on_cluster} (
{columns:alert_rule_versions}
) ENGINE = {engine:ReplacingMergeTree()}
ORDER BY (tenant, rule_id, version)
SETTINGS {durable};

-- Blocks of one column: a CREATE cannot say it.
ALTER TABLE span_content {on_cluster} MODIFY COLUMN attributes_string MODIFY SETTING max_compress_block_size = 16777216, min_compress_block_size = 16777216;
ALTER TABLE span_content {on_cluster} MODIFY COLUMN events MODIFY SETTING max_compress_block_size = 16777216, min_compress_block_size = 16777216;
