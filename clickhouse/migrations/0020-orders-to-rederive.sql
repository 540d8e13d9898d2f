-- Spans derived anew are ordered as prices are (docs/decisions/015).
ALTER TABLE reprice_orders {on_cluster} ADD COLUMN IF NOT EXISTS rederive Bool DEFAULT false AFTER done_at;
