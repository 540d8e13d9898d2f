-- Searches, code runs and the like beside tokens: few calls have any, so one map holds them all.
ALTER TABLE spans {on_cluster} ADD COLUMN IF NOT EXISTS usage_pieces Map(LowCardinality(String), UInt64) AFTER usage_unsplit;

-- What was doubtful about the usage that a line charges.
ALTER TABLE ledger_entries {on_cluster} ADD COLUMN IF NOT EXISTS usage_flags Array(LowCardinality(String)) AFTER quantity;

-- Which book prices from when on. Append-only: the last one says what is active, all of them what was.
CREATE TABLE IF NOT EXISTS price_book_activations {on_cluster} (
{columns:price_book_activations}
) ENGINE = {engine:ReplacingMergeTree()}
ORDER BY (tenant, activated_at, version)
SETTINGS {durable};
