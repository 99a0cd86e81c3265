--liquibase formatted sql

--changeset llmtrace:capture-1
-- Captured content, encrypted: body is AES-256-GCM under a key of the row's own, dek is that key, wrapped under the
-- key key_id of the keyring. Days are dropped whole; what a legal hold keeps is moved to kept = 'hold' before.
CREATE TABLE content (
  decision_id text COLLATE "C" NOT NULL,
  tenant text NOT NULL,
  part text NOT NULL CHECK (part IN ('request', 'answer')),
  day date NOT NULL,
  kept text NOT NULL DEFAULT 'day' CHECK (kept IN ('day', 'hold')),
  consumer text NOT NULL,
  agent text NOT NULL,
  route text NOT NULL,
  node text NOT NULL,
  mode text NOT NULL CHECK (mode IN ('redacted', 'full')),
  at bigint NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  key_id text NOT NULL,
  dek bytea NOT NULL,
  nonce bytea NOT NULL,
  body bytea NOT NULL,
  PRIMARY KEY (decision_id, tenant, part, day, kept)
) PARTITION BY LIST (kept);
COMMENT ON COLUMN content.at IS 'epoch milliseconds';
CREATE INDEX content_key ON content (key_id);
CREATE INDEX content_consumer ON content (tenant, consumer);
CREATE INDEX content_agent ON content (tenant, agent);
CREATE TABLE content_day PARTITION OF content FOR VALUES IN ('day') PARTITION BY RANGE (day);
CREATE TABLE content_hold PARTITION OF content FOR VALUES IN ('hold');
CALL llmtrace_guard('content');

--changeset llmtrace:capture-2 splitStatements:false
CREATE FUNCTION llmtrace_content_day(on_day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE child text := 'content_day_' || to_char(on_day, 'YYYYMMDD');
BEGIN
  PERFORM pg_advisory_xact_lock(7366025);
  IF to_regclass(quote_ident(child)) IS NULL THEN
    EXECUTE format('CREATE TABLE %I (LIKE content_day INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', child);
    EXECUTE format('ALTER TABLE content_day ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
      child, on_day, on_day + 1);
  END IF;
END $$;
