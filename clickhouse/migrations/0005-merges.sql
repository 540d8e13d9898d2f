-- Merging took more than inserting. Wide rows merge column by column from the first row on, not from 131,072, and ten parts of
-- a size wait for each other, not five: together half of the work, see docs/decisions/010-hot-path.md.
ALTER TABLE spans {on_cluster} MODIFY SETTING merge_selector_base = 10, vertical_merge_algorithm_min_rows_to_activate = 1;
ALTER TABLE span_content {on_cluster} MODIFY SETTING merge_selector_base = 10, vertical_merge_algorithm_min_rows_to_activate = 1;
ALTER TABLE ledger_entries {on_cluster} MODIFY SETTING merge_selector_base = 10, vertical_merge_algorithm_min_rows_to_activate = 1;
ALTER TABLE policy_decisions {on_cluster} MODIFY SETTING merge_selector_base = 10, vertical_merge_algorithm_min_rows_to_activate = 1;
ALTER TABLE runs {on_cluster} MODIFY SETTING merge_selector_base = 10, vertical_merge_algorithm_min_rows_to_activate = 1;
ALTER TABLE call_keys {on_cluster} MODIFY SETTING merge_selector_base = 10, vertical_merge_algorithm_min_rows_to_activate = 1;
ALTER TABLE log_records {on_cluster} MODIFY SETTING merge_selector_base = 10, vertical_merge_algorithm_min_rows_to_activate = 1;
ALTER TABLE metric_points {on_cluster} MODIFY SETTING merge_selector_base = 10, vertical_merge_algorithm_min_rows_to_activate = 1;
ALTER TABLE ingest_account {on_cluster} MODIFY SETTING merge_selector_base = 10, vertical_merge_algorithm_min_rows_to_activate = 1;
