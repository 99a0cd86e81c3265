--liquibase formatted sql

--changeset llmtrace:budgets-1
-- dimension says what key names; empty for a whole tenant. Exactly one of usd and tokens is there.
CREATE TABLE budgets (
  id text COLLATE "C" PRIMARY KEY,
  name text NOT NULL,
  tenant text NOT NULL,
  dimension text NOT NULL CHECK (dimension IN ('tenant', 'route', 'consumer', 'agent', 'model')),
  key text NOT NULL DEFAULT '',
  time_window text NOT NULL CHECK (time_window IN ('hour', 'day', 'week', 'month')),
  window_kind text NOT NULL CHECK (window_kind IN ('rolling', 'calendar')),
  usd numeric,
  tokens bigint,
  enforcement text NOT NULL CHECK (enforcement IN ('soft', 'hard')),
  thresholds int[] NOT NULL,
  revision bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((usd IS NULL) <> (tokens IS NULL)),
  CHECK ((dimension = 'tenant') = (key = ''))
);
CREATE INDEX budgets_tenant ON budgets (tenant);
CALL llmtrace_guard('budgets', 'SELECT, INSERT, UPDATE, DELETE');

--changeset llmtrace:budgets-2
-- Shares of limits. Only the owner sees them: what instances are given is nobody's to read.
CREATE TABLE lease_limits (
  id text PRIMARY KEY,
  revision bigint NOT NULL DEFAULT 0,
  used_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE lease_grants (
  limit_id text NOT NULL REFERENCES lease_limits (id) ON DELETE CASCADE,
  node text NOT NULL,
  revision bigint NOT NULL,
  granted double precision NOT NULL,
  demand double precision NOT NULL,
  total double precision NOT NULL,
  not_after bigint NOT NULL,
  PRIMARY KEY (limit_id, node, revision)
);
