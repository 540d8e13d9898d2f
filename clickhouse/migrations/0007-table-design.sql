-- What a span takes on disk, halved: docs/decisions/012-table-design.md has the figures of what was tried.
-- Three tables get another order or other granules, so their rows are copied. Each copy reads what both the old and the new table
-- have, and the old one is dropped last: cut off anywhere, all of it can run again.

-- The spans of a trace lie in time, not by random id: columns that tell what kind of span it is repeat with the agent's turns. The
-- value of an attribute is looked for in a bloom filter over all values of text.
-- A store may have been begun at 0009: what that adds is copied too.
ALTER TABLE spans {on_cluster} ADD COLUMN IF NOT EXISTS usage_pieces Map(LowCardinality(String), UInt64) AFTER usage_unsplit;
ALTER TABLE ledger_entries {on_cluster} ADD COLUMN IF NOT EXISTS usage_flags Array(LowCardinality(String)) AFTER quantity;
DROP TABLE IF EXISTS spans_next {on_cluster} SYNC;
CREATE TABLE spans_next {on_cluster} (
{columns:spans},
  INDEX by_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
  INDEX by_session session TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_value attribute_values TYPE bloom_filter(0.025) GRANULARITY 1
) ENGINE = {engine:ReplacingMergeTree(received_at)}
PARTITION BY {month:started_at}
ORDER BY (tenant, toStartOfMinute(started_at), service, trace_id, started_at, span_id)
SETTINGS default_compression_codec = 'ZSTD(1)', merge_selector_base = 10, vertical_merge_algorithm_min_rows_to_activate = 1, {durable};
INSERT INTO spans_next (
  tenant, project, trace_id, span_id, parent_span_id, started_at, ended_at, received_at, name, span_kind, status_code, status_message, trace_state,
  span_flags, service, environment, scope_name, scope_version, schema_url, dialect, step_kind, role, operation, agent, agent_id, workflow, session,
  user, provider, request_model, response_model, response_id, tool, tool_call_id, tool_arguments_hash, executed, finish_reasons, error_type,
  error_message, time_to_first_token_ms, streaming, service_tier, usage_reported, usage_input_uncached, usage_input_cache_read,
  usage_input_cache_write_5m, usage_input_cache_write_1h, usage_input_audio, usage_input_audio_cache_read, usage_input_image, usage_output_text,
  usage_output_reasoning, usage_output_audio, usage_output_image, usage_unsplit, usage_pieces, usage_flags, usage_partial, usage_cumulative, usage_authoritative,
  reported_cost, call_keys, agent_decision, input_preview, output_preview, attributes_string_own, attributes_int, attributes_double,
  attributes_bool, attributes_json, resource_attributes, scope_attributes, dropped_attributes, dropped_events, dropped_links
) SELECT
  tenant, project, trace_id, span_id, parent_span_id, started_at, ended_at, received_at, name, span_kind, status_code, status_message, trace_state,
  span_flags, service, environment, scope_name, scope_version, schema_url, dialect, step_kind, role, operation, agent, agent_id, workflow, session,
  user, provider, request_model, response_model, response_id, tool, tool_call_id, tool_arguments_hash, executed, finish_reasons, error_type,
  error_message, time_to_first_token_ms, streaming, service_tier, usage_reported, usage_input_uncached, usage_input_cache_read,
  usage_input_cache_write_5m, usage_input_cache_write_1h, usage_input_audio, usage_input_audio_cache_read, usage_input_image, usage_output_text,
  usage_output_reasoning, usage_output_audio, usage_output_image, usage_unsplit, usage_pieces, usage_flags, usage_partial, usage_cumulative, usage_authoritative,
  reported_cost, call_keys, agent_decision, input_preview, output_preview, attributes_string, attributes_int, attributes_double, attributes_bool,
  attributes_json, resource_attributes, scope_attributes, dropped_attributes, dropped_events, dropped_links
FROM spans;
EXCHANGE TABLES spans AND spans_next {on_cluster};
DROP TABLE spans_next {on_cluster} SYNC;

-- An id is a hash of what the line says: it is computed, not stored, and the line is told apart by its meter and kind.
DROP TABLE IF EXISTS ledger_entries_next {on_cluster} SYNC;
CREATE TABLE ledger_entries_next {on_cluster} (
{columns:ledger_entries},
  INDEX by_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1
) ENGINE = {engine:ReplacingMergeTree(revision)}
PARTITION BY {month:occurred_at}
ORDER BY (tenant, toDate(occurred_at), trace_id, span_id, meter, kind, own_id)
SETTINGS default_compression_codec = 'ZSTD(1)', merge_selector_base = 10, vertical_merge_algorithm_min_rows_to_activate = 1, {durable};
INSERT INTO ledger_entries_next (
  tenant, project, entry_id, kind, reason, occurred_at, posted_at, trace_id, span_id, provider, model, meter, quantity, usage_flags, unit_price, amount, basis,
  price_book_version, price_card, reverses, agent, user, session, workflow, service, environment, revision
) SELECT
  tenant, project, id, kind, reason, occurred_at, posted_at, trace_id, span_id, provider, model, meter, quantity, usage_flags, unit_price, amount, basis,
  price_book_version, price_card, reverses, agent, user, session, workflow, service, environment, revision
FROM ledger_entries;
-- A store may have been begun at 0012, 0019, 0023 or 0024: its sums go by the numbers of the ledger's blocks, which begin anew. They are made again.
TRUNCATE TABLE IF EXISTS cost_days {on_cluster};
TRUNCATE TABLE IF EXISTS cost_days_covered {on_cluster};
TRUNCATE TABLE IF EXISTS cost_session_days {on_cluster};
TRUNCATE TABLE IF EXISTS cost_session_days_covered {on_cluster};
TRUNCATE TABLE IF EXISTS cost_hours {on_cluster};
TRUNCATE TABLE IF EXISTS cost_hours_covered {on_cluster};
TRUNCATE TABLE IF EXISTS cost_user_days {on_cluster};
TRUNCATE TABLE IF EXISTS cost_user_days_covered {on_cluster};
EXCHANGE TABLES ledger_entries AND ledger_entries_next {on_cluster};
DROP TABLE ledger_entries_next {on_cluster} SYNC;

-- Looked up by single keys, thousands at a time, at every settlement: granules of 256 rows, so that a key reads 256 and not 8,192.
-- Eight bytes of a key's hash are enough, because answers are compared before they are called the same.
DROP TABLE IF EXISTS call_keys_next {on_cluster} SYNC;
CREATE TABLE call_keys_next {on_cluster} (
{columns:call_keys}
) ENGINE = {engine:ReplacingMergeTree(ended_at)}
PARTITION BY {month:started_at}
ORDER BY (tenant, key, trace_id, span_id)
SETTINGS index_granularity = 256, default_compression_codec = 'ZSTD(1)', merge_selector_base = 10, vertical_merge_algorithm_min_rows_to_activate = 1, {durable};
INSERT INTO call_keys_next (
  tenant, key, trace_id, span_id, started_at, ended_at, service, scope_name, model, input_tokens, output_tokens
) SELECT
  tenant, substring(key, 1, 8), trace_id, span_id, started_at, ended_at, service, scope_name, model, input_tokens, output_tokens
FROM call_keys;
EXCHANGE TABLES call_keys AND call_keys_next {on_cluster};
DROP TABLE call_keys_next {on_cluster} SYNC;

-- A block as large as the window of its codec, so that a conversation that is told again with every call is found in it.
ALTER TABLE span_content {on_cluster} MODIFY COLUMN attributes_string Map(LowCardinality(String), String) CODEC(ZSTD(3, 24));
ALTER TABLE span_content {on_cluster} MODIFY COLUMN events String CODEC(ZSTD(3, 24));
ALTER TABLE span_content {on_cluster} MODIFY COLUMN attributes_string MODIFY SETTING max_compress_block_size = 16777216, min_compress_block_size = 16777216;
ALTER TABLE span_content {on_cluster} MODIFY COLUMN events MODIFY SETTING max_compress_block_size = 16777216, min_compress_block_size = 16777216;
ALTER TABLE span_content {on_cluster} MODIFY SETTING default_compression_codec = 'ZSTD(1)';

ALTER TABLE policy_decisions {on_cluster} MODIFY SETTING default_compression_codec = 'ZSTD(1)';
ALTER TABLE runs {on_cluster} MODIFY SETTING default_compression_codec = 'ZSTD(1)';
ALTER TABLE log_records {on_cluster} MODIFY SETTING default_compression_codec = 'ZSTD(1)';
ALTER TABLE metric_points {on_cluster} MODIFY SETTING default_compression_codec = 'ZSTD(1)';
ALTER TABLE ingest_account {on_cluster} MODIFY SETTING default_compression_codec = 'ZSTD(1)';
