--liquibase formatted sql

--changeset llmtrace:alerts-1
-- Incidents, by the state machine of io.llmtrace.controlplane.alerts.incidents. A row without a tenant is of
-- the whole installation.
CREATE TABLE alert_incidents (
  id text COLLATE "C" PRIMARY KEY,
  rule text NOT NULL,
  tenant text,
  labels jsonb NOT NULL,
  key text NOT NULL,
  tracked boolean NOT NULL DEFAULT true,
  state text NOT NULL CHECK (state IN ('pending', 'firing', 'acknowledged', 'resolved')),
  severity text NOT NULL,
  seen jsonb NOT NULL,
  since timestamptz NOT NULL,
  fired_at timestamptz,
  clear_since timestamptz,
  ended_at timestamptz,
  acknowledged_by text,
  acknowledged_at timestamptz,
  resolved_by text,
  held boolean NOT NULL DEFAULT false,
  muted_by text,
  reopened int NOT NULL DEFAULT 0,
  number bigint NOT NULL DEFAULT 0,
  told_at timestamptz,
  due boolean NOT NULL DEFAULT false,
  escalated int NOT NULL DEFAULT 0,
  channels text[] NOT NULL DEFAULT '{}',
  revision bigint NOT NULL DEFAULT 1
);
COMMENT ON COLUMN alert_incidents.key IS 'SHA-256 of rule and labels';
COMMENT ON COLUMN alert_incidents.tracked IS 'the machine needs it: it goes on, or may begin again';
-- Of one thing at most one incident goes on, whoever looks.
CREATE UNIQUE INDEX alert_incidents_tracked ON alert_incidents (key, (state = 'resolved')) WHERE tracked;
CREATE INDEX alert_incidents_tenant ON alert_incidents (tenant, id);
CREATE INDEX alert_incidents_ended ON alert_incidents (ended_at) WHERE NOT tracked;
CALL llmtrace_guard('alert_incidents');
GRANT UPDATE (state, ended_at, acknowledged_by, acknowledged_at, resolved_by, held, muted_by, number, told_at, due,
  channels, revision) ON alert_incidents TO llmtrace_api;

CREATE TABLE alert_events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  incident text COLLATE "C" NOT NULL REFERENCES alert_incidents (id) ON DELETE CASCADE,
  tenant text,
  at timestamptz NOT NULL,
  kind text NOT NULL,
  number bigint,
  by text,
  comment text,
  channels text[] NOT NULL DEFAULT '{}'
);
CREATE INDEX alert_events_incident ON alert_events (incident, id);
CALL llmtrace_guard('alert_events', 'SELECT, INSERT');

-- Silences and maintenance windows: incidents go on, and are not told.
CREATE TABLE alert_silences (
  id text COLLATE "C" PRIMARY KEY,
  tenant text,
  matchers jsonb NOT NULL,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  every text NOT NULL CHECK (every IN ('once', 'day', 'week')),
  until timestamptz NOT NULL,
  comment text NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_by text,
  ended_at timestamptz
);
COMMENT ON COLUMN alert_silences.until IS 'the last end of all its times';
CREATE INDEX alert_silences_until ON alert_silences (until);
CALL llmtrace_guard('alert_silences', 'SELECT, INSERT');
GRANT UPDATE (ended_by, ended_at) ON alert_silences TO llmtrace_api;

-- When somebody looked last, and what links to incidents are signed with.
CREATE TABLE alert_desk (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  looked_at timestamptz,
  link_key bytea
);
INSERT INTO alert_desk DEFAULT VALUES;
