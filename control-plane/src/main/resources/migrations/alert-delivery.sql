--liquibase formatted sql

--changeset llmtrace:alert-delivery-1
-- What is to be told, one row a notice and channel. Written in the transaction that changes the incident, taken
-- by workers of any replica. Times by which rows are scheduled are the database's.
CREATE TABLE alert_outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  notice_id text COLLATE "C" NOT NULL,
  incident text COLLATE "C" NOT NULL,
  number bigint NOT NULL,
  channel text COLLATE "C" NOT NULL,
  tenant text,
  kind text NOT NULL,
  rule text NOT NULL,
  severity smallint NOT NULL,
  notice jsonb NOT NULL,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'parked', 'folded')),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  attempts int NOT NULL DEFAULT 0,
  first_at timestamptz,
  next_at timestamptz NOT NULL DEFAULT '-infinity',
  claimed_by text,
  claimed_until timestamptz,
  ended_at timestamptz,
  last_status int,
  last_error text,
  reference text,
  digest bigint,
  UNIQUE (channel, notice_id)
);
COMMENT ON COLUMN alert_outbox.severity IS '0 is info, 4 is critical';
COMMENT ON COLUMN alert_outbox.first_at IS 'of its first attempt since it waits';
COMMENT ON COLUMN alert_outbox.ended_at IS 'when it was delivered, parked or folded';
COMMENT ON COLUMN alert_outbox.reference IS 'what follow-ups are joined by, from the service';
COMMENT ON COLUMN alert_outbox.digest IS 'of a folded row: the row that tells it';
CREATE INDEX alert_outbox_order ON alert_outbox (channel, incident, number);
CREATE INDEX alert_outbox_waiting ON alert_outbox (channel, severity DESC, id) WHERE state = 'waiting';
CREATE INDEX alert_outbox_new ON alert_outbox (channel, id) WHERE state = 'waiting' AND attempts = 0;
CREATE INDEX alert_outbox_parked ON alert_outbox (channel) WHERE state = 'parked';
CREATE INDEX alert_outbox_digest ON alert_outbox (digest) WHERE digest IS NOT NULL;
CREATE INDEX alert_outbox_age ON alert_outbox (ended_at) WHERE state <> 'waiting';
CREATE INDEX alert_outbox_incident ON alert_outbox (incident, number);
CALL llmtrace_guard('alert_outbox', 'SELECT, INSERT');
-- Who acknowledges an incident adds what is to be told of that.
GRANT USAGE ON SEQUENCE alert_outbox_id_seq TO llmtrace_api;

-- The delivery log. A row is there before the attempt begins, so that it counts against the channel's rate
-- wherever it ends; one without a result was cut off, or goes on.
CREATE TABLE alert_attempts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  outbox_id bigint NOT NULL,
  channel text COLLATE "C" NOT NULL,
  tenant text,
  attempt int NOT NULL,
  replica text NOT NULL,
  at timestamptz NOT NULL,
  took_ms int,
  result text CHECK (result IN ('delivered', 'retry', 'parked')),
  status int,
  error text
);
CREATE INDEX alert_attempts_rate ON alert_attempts (channel, at);
CREATE INDEX alert_attempts_row ON alert_attempts (outbox_id);
CREATE INDEX alert_attempts_age ON alert_attempts (at);
CALL llmtrace_guard('alert_attempts');

-- What replicas share of a channel. Its row is locked while rows of it are claimed.
CREATE TABLE alert_channels (
  name text COLLATE "C" PRIMARY KEY,
  configured_at timestamptz NOT NULL,
  paused_until timestamptz,
  failing_since timestamptz,
  last_error text
);
COMMENT ON COLUMN alert_channels.configured_at IS 'when a replica last had it in its configuration';
