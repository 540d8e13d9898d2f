-- Definitions of budgets, append-only, numbered per budget: the highest version is the state, the others are history.
CREATE TABLE IF NOT EXISTS budget_versions {on_cluster} (
{columns:budget_versions}
) ENGINE = {engine:ReplacingMergeTree()}
ORDER BY (tenant, budget_id, version)
SETTINGS {durable};
