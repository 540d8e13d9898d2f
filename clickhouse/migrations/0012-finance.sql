-- The ledger summed by day (UTC), for dashboards. Made from ledger_entries by the engine (clickhouse/cost-days.ts), a day at a time
-- and again when the day has changed; `covered` is how much of the ledger a row knows of, and the row that knows most counts.
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
SETTINGS {durable};

-- Up to which block each partition of ledger_entries is in cost_days. Written last: what it does not say is read from the ledger.
CREATE TABLE IF NOT EXISTS cost_days_covered {on_cluster} (
  partition_id String,
  covered UInt64,
  at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {engine:ReplacingMergeTree(covered)}
ORDER BY partition_id
SETTINGS {durable};

-- What providers bill, line by line as imported; never changed. A file that is imported again is the same import.
CREATE TABLE IF NOT EXISTS bill_lines {on_cluster} (
{columns:bill_lines}
) ENGINE = {engine:ReplacingMergeTree(imported_at)}
PARTITION BY {month:day}
ORDER BY (tenant, day, import_id, account, model, meter)
SETTINGS {durable};

-- Written after its lines: lines of an import that is not here are not there.
CREATE TABLE IF NOT EXISTS bill_imports {on_cluster} (
{columns:bill_imports}
) ENGINE = {engine:ReplacingMergeTree(imported_at)}
ORDER BY (tenant, import_id)
SETTINGS {durable};

-- Who agreed to which adjustment, and why. The ledger line itself is in ledger_entries under the same id.
CREATE TABLE IF NOT EXISTS bill_approvals {on_cluster} (
{columns:bill_approvals}
) ENGINE = {engine:ReplacingMergeTree()}
ORDER BY (tenant, entry_id)
SETTINGS {durable};
