-- Spans derived anew are ordered as prices are (docs/decisions/015).
ALTER TABLE reprice_orders {on_cluster} ADD COLUMN IF NOT EXISTS rederive Bool DEFAULT false AFTER done_at;

-- Of several receiving processes each does the part of an order that it settles.
CREATE TABLE IF NOT EXISTS reprice_parts {on_cluster} (
{columns:reprice_parts}
) ENGINE = {engine:ReplacingMergeTree()}
ORDER BY (tenant, id, receivers, receiver)
SETTINGS {durable};
