-- What was understood of each instrumentation, and what was not: sums of some seconds, never a row a span. Replacing, because a
-- frame of the journal may come again.
CREATE TABLE IF NOT EXISTS conformance {on_cluster} (
{columns:conformance}
) ENGINE = {engine:ReplacingMergeTree()}
PARTITION BY {month:at}
ORDER BY (tenant, at, instance, service, scope_name, scope_version, dialect, kind, finding, attribute, found, convention)
SETTINGS {durable}, merge_selector_base = 10, vertical_merge_algorithm_min_rows_to_activate = 1;
