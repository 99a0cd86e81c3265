--liquibase formatted sql

--changeset llmtrace:alert-signals-1
-- What happened in the last two hours, by ten seconds (bucket is where one begins, epoch seconds). Each transaction of
-- ingest adds rows of its own, so that none waits for another; they are folded into one a cell soon after. Only jobs read it.
CREATE TABLE rollup_recent (
  bucket bigint NOT NULL,
  tenant text NOT NULL,
  route text NOT NULL,
  provider text NOT NULL,
  model text NOT NULL,
  exchanges int NOT NULL,
  flagged int NOT NULL,
  redacted int NOT NULL,
  limited int NOT NULL,
  blocked int NOT NULL,
  partial int NOT NULL,
  uninspected int NOT NULL,
  requests int NOT NULL,
  errors int NOT NULL,
  unobserved int NOT NULL,
  findings int NOT NULL,
  lost int NOT NULL,
  b0 int NOT NULL,
  b1 int NOT NULL,
  b2 int NOT NULL,
  b3 int NOT NULL,
  b4 int NOT NULL,
  b5 int NOT NULL,
  b6 int NOT NULL,
  b7 int NOT NULL,
  b8 int NOT NULL,
  b9 int NOT NULL,
  b10 int NOT NULL,
  tokens bigint NOT NULL,
  cost_usd double precision NOT NULL,
  lag_ms bigint NOT NULL,
  folded boolean NOT NULL DEFAULT false
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000);
COMMENT ON COLUMN rollup_recent.b0 IS 'durations up to 0.05 s; then 0.1 0.25 0.5 1 2.5 5 10 30 60 and more; not cumulative';
CREATE INDEX rollup_recent_bucket ON rollup_recent (bucket);
CREATE INDEX rollup_recent_loose ON rollup_recent (bucket) WHERE NOT folded;

CREATE TABLE rollup_recent_findings (
  bucket bigint NOT NULL,
  tenant text NOT NULL,
  route text NOT NULL,
  provider text NOT NULL,
  model text NOT NULL,
  type text NOT NULL,
  severity text NOT NULL,
  confidence smallint NOT NULL,
  action text NOT NULL,
  count int NOT NULL,
  folded boolean NOT NULL DEFAULT false
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000);
COMMENT ON COLUMN rollup_recent_findings.confidence IS 'tenths, rounded down';
CREATE INDEX rollup_recent_findings_bucket ON rollup_recent_findings (bucket);
CREATE INDEX rollup_recent_findings_loose ON rollup_recent_findings (bucket) WHERE NOT folded;

-- Nobody reads them through the API: nothing is granted, and should it ever be, no row would be seen.
ALTER TABLE rollup_recent ENABLE ROW LEVEL SECURITY;
ALTER TABLE rollup_recent_findings ENABLE ROW LEVEL SECURITY;

--changeset llmtrace:alert-signals-2
-- What rules of the kind "first seen" know. The row with the empty key says that a rule has looked before.
CREATE TABLE alert_seen (
  rule text NOT NULL,
  key text NOT NULL,
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  PRIMARY KEY (rule, key)
);
CREATE INDEX alert_seen_age ON alert_seen (last_at);
