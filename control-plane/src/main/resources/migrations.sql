--liquibase formatted sql

--changeset llmtrace:1
CREATE TABLE api_keys (
  id text PRIMARY KEY,
  role text NOT NULL,
  hash bytea NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE batches (
  key_id text NOT NULL,
  node text NOT NULL,
  boot_id text NOT NULL,
  sequence bigint NOT NULL,
  records int NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (key_id, node, boot_id, sequence)
);
CREATE TABLE inspections (
  id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  decision_id text PRIMARY KEY,
  at bigint NOT NULL,
  node text NOT NULL,
  route text NOT NULL,
  tenant text NOT NULL,
  record jsonb NOT NULL
);
CREATE TABLE findings (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  decision_id text NOT NULL REFERENCES inspections (decision_id),
  at bigint NOT NULL,
  type text NOT NULL,
  severity text NOT NULL,
  route text NOT NULL,
  tenant text NOT NULL,
  record jsonb NOT NULL
);
CREATE INDEX findings_decision ON findings (decision_id);
CREATE TABLE completions (
  decision_id text PRIMARY KEY,
  at bigint NOT NULL,
  node text NOT NULL,
  record jsonb NOT NULL
);
CREATE TABLE losses (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  node text NOT NULL,
  reason text NOT NULL,
  count bigint NOT NULL,
  at bigint NOT NULL
);
CREATE TABLE open_exchanges (
  decision_id text PRIMARY KEY,
  since timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE waiting_completions (
  decision_id text PRIMARY KEY,
  since timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE instances (
  node text PRIMARY KEY,
  received_at timestamptz NOT NULL,
  snapshot jsonb NOT NULL
);
CREATE TABLE routes (
  route text PRIMARY KEY,
  first_seen timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE metric_totals (
  slot text NOT NULL,
  metric text NOT NULL,
  labels text NOT NULL,
  value double precision NOT NULL,
  PRIMARY KEY (slot, metric, labels)
);

--changeset llmtrace:2
-- A finding stands in a request or in its answer; place is its number in the answer's record, so that
-- whichever half of an exchange comes last, and however often, an answer's findings are stored once.
ALTER TABLE findings ADD COLUMN origin text NOT NULL DEFAULT 'request';
ALTER TABLE findings ADD COLUMN place int;
CREATE UNIQUE INDEX findings_place ON findings (decision_id, origin, place);
