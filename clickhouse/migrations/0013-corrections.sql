-- Who ordered what to be priced anew, and what came of it: two rows an order, told apart by their state.
CREATE TABLE IF NOT EXISTS reprice_orders {on_cluster} (
{columns:reprice_orders}
) ENGINE = {engine:ReplacingMergeTree()}
ORDER BY (tenant, id, state)
SETTINGS {durable};

-- A month is closed once: who reads takes the earliest row.
CREATE TABLE IF NOT EXISTS closed_months {on_cluster} (
{columns:closed_months}
) ENGINE = {engine:ReplacingMergeTree()}
ORDER BY (tenant, month, closed_at)
SETTINGS {durable};
