--liquibase formatted sql

--changeset llmtrace:anomalies-1
-- Use that was out of the ordinary: one row an episode of one measure of one series. What key and key2 are
-- says dimension, as in rollups. The job writes what it sees; people write the state.
CREATE TABLE anomalies (
  id text COLLATE "C" PRIMARY KEY,
  tenant text NOT NULL,
  type text NOT NULL,
  severity text NOT NULL,
  dimension text NOT NULL CHECK (dimension IN ('tenant', 'agent', 'model')),
  key text NOT NULL,
  key2 text NOT NULL,
  measure text NOT NULL,
  started_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  ended_at timestamptz,
  hours int NOT NULL,
  excess double precision NOT NULL,
  peak_at timestamptz NOT NULL,
  observed double precision NOT NULL,
  expected_low double precision NOT NULL,
  expected_mid double precision NOT NULL,
  expected_high double precision NOT NULL,
  expected_limit double precision NOT NULL,
  score double precision NOT NULL,
  baseline jsonb NOT NULL,
  part_of text COLLATE "C",
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'acknowledged', 'false_positive', 'resolved')),
  comment text NOT NULL DEFAULT '',
  revision bigint NOT NULL DEFAULT 0,
  changed_by text,
  changed_at timestamptz,
  UNIQUE (tenant, dimension, key, key2, measure, started_at)
);
COMMENT ON COLUMN anomalies.last_at IS 'end of its last hour so far';
CREATE INDEX anomalies_tenant ON anomalies (tenant, id);
CREATE INDEX anomalies_last ON anomalies (last_at);
CREATE INDEX anomalies_running ON anomalies (id) WHERE ended_at IS NULL;
CALL llmtrace_guard('anomalies');
GRANT UPDATE (state, comment, revision, changed_by, changed_at) ON anomalies TO llmtrace_api;

CREATE TABLE anomaly_changes (
  anomaly_id text COLLATE "C" NOT NULL REFERENCES anomalies (id) ON DELETE CASCADE,
  revision bigint NOT NULL,
  tenant text NOT NULL,
  state text NOT NULL,
  comment text NOT NULL,
  changed_by text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (anomaly_id, revision)
);
CALL llmtrace_guard('anomaly_changes', 'SELECT, INSERT');
