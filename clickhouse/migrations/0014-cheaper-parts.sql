-- What an inserted span costs the engine: docs/decisions/010-hot-path.md has the figures.

-- A second of 20,000 spans is more than 10 MiB in memory, and was written as a part of 200 files, each synced: half of the insert.
-- What is inserted is one file whatever its size; what is merged has a file a column. Not span_content: it has nine columns, and
-- the long blocks of a conversation (0007) are for files of their own.
-- Statistics of every column (how many values, the least and largest) are made at every merge by default. Nobody asks for them.
-- The two widest tables wait for twice as many parts before they merge them.
ALTER TABLE spans {on_cluster} MODIFY SETTING min_level_for_wide_part = 1, merge_selector_base = 20, auto_statistics_types = '';
ALTER TABLE ledger_entries {on_cluster} MODIFY SETTING min_level_for_wide_part = 1, merge_selector_base = 20, auto_statistics_types = '';
ALTER TABLE log_records {on_cluster} MODIFY SETTING min_level_for_wide_part = 1, auto_statistics_types = '';
ALTER TABLE metric_points {on_cluster} MODIFY SETTING min_level_for_wide_part = 1, auto_statistics_types = '';
ALTER TABLE call_keys {on_cluster} MODIFY SETTING min_level_for_wide_part = 1, auto_statistics_types = '';
ALTER TABLE runs {on_cluster} MODIFY SETTING min_level_for_wide_part = 1, auto_statistics_types = '';
ALTER TABLE span_content {on_cluster} MODIFY SETTING auto_statistics_types = '';
ALTER TABLE policy_decisions {on_cluster} MODIFY SETTING auto_statistics_types = '';
ALTER TABLE ingest_account {on_cluster} MODIFY SETTING auto_statistics_types = '';
ALTER TABLE conformance {on_cluster} MODIFY SETTING auto_statistics_types = '';
