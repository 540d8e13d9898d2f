-- Rules of alerts that were defined by the API, append-only, numbered per rule: the highest version is the state, the others are history.
CREATE TABLE IF NOT EXISTS alert_rule_versions {on_cluster} (
{columns:alert_rule_versions}
) ENGINE = {engine:ReplacingMergeTree()}
ORDER BY (tenant, rule_id, version)
SETTINGS {durable};
-- Tags, one a line, in a word: '' for almost every row (docs/decisions/019).
ALTER TABLE spans {on_cluster} ADD COLUMN IF NOT EXISTS tags LowCardinality(String) AFTER scope_attributes;
ALTER TABLE ledger_entries {on_cluster} ADD COLUMN IF NOT EXISTS tags LowCardinality(String) AFTER environment;
