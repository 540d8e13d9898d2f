-- Alerts on failed and slow runs ask by when they ended, as they asked by the start (collector/alerts/signals.ts): parts of long ago are not read.
ALTER TABLE runs {on_cluster} ADD INDEX IF NOT EXISTS by_end assumeNotNull(ended_at) TYPE minmax GRANULARITY 1;
