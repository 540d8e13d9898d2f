-- Who let calls pass a budget that asks for a person, by how much and until when; append-only, a withdrawal is a row of its own.
CREATE TABLE IF NOT EXISTS budget_approvals {on_cluster} (
{columns:budget_approvals}
) ENGINE = {engine:ReplacingMergeTree()}
ORDER BY (tenant, budget_id, approval_id, withdrawn)
SETTINGS {durable};
