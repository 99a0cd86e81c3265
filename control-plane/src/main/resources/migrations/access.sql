--liquibase formatted sql

--changeset llmtrace:access-1
-- Tenants are named as exchanges name them; an exchange may name one that is not in here.
CREATE TABLE tenants (
  id text PRIMARY KEY,
  name text NOT NULL,
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended')),
  settings jsonb NOT NULL DEFAULT '{}',
  revision bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO tenants (id, name) VALUES ('default', 'default');

-- Keys of before have no prefix and no salt: they are found by their hash, as they were.
ALTER TABLE api_keys
  ADD COLUMN name text NOT NULL DEFAULT '',
  ADD COLUMN prefix text UNIQUE,
  ADD COLUMN salt bytea NOT NULL DEFAULT '',
  ADD COLUMN tenants text[],
  ADD COLUMN scopes text[] NOT NULL DEFAULT '{}',
  ADD COLUMN expires_at timestamptz,
  ADD COLUMN created_by text NOT NULL DEFAULT 'system',
  ADD COLUMN revoked_at timestamptz,
  ADD COLUMN replaces text REFERENCES api_keys (id),
  ADD COLUMN lineage text,
  ADD COLUMN revision bigint NOT NULL DEFAULT 1;
UPDATE api_keys SET lineage = id, name = id;
COMMENT ON COLUMN api_keys.tenants IS 'NULL is all tenants';

-- Apart from the keys, so that a use changes neither a key's revision nor the version below.
CREATE TABLE api_key_uses (
  key_id text PRIMARY KEY REFERENCES api_keys (id),
  last_used_at timestamptz NOT NULL
);

-- What replicas ask for every second: one row, changed by whatever changes who may do what.
CREATE TABLE access_version (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  version bigint NOT NULL
);
INSERT INTO access_version (version) VALUES (1);

CREATE TABLE idempotency (
  id bytea PRIMARY KEY,
  caller text NOT NULL,
  request_hash bytea NOT NULL,
  status int NOT NULL,
  headers jsonb NOT NULL,
  body bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idempotency_age ON idempotency (created_at);
COMMENT ON COLUMN idempotency.body IS 'AES-256-GCM; the key is made of what the caller sent';

-- Rows that an instance sent for a tenant that its key does not list.
CREATE TABLE set_aside (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key_id text NOT NULL,
  node text NOT NULL,
  kind text NOT NULL,
  decision_id text NOT NULL,
  tenant text NOT NULL,
  reason text NOT NULL,
  record jsonb NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (decision_id, kind, key_id)
);
CREATE INDEX set_aside_age ON set_aside (received_at);

--changeset llmtrace:access-2 splitStatements:false
CREATE FUNCTION llmtrace_access_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  UPDATE access_version SET version = version + 1;
  RETURN NULL;
END $$;
CREATE TRIGGER access_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON api_keys
  FOR EACH STATEMENT EXECUTE FUNCTION llmtrace_access_changed();
CREATE TRIGGER access_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON tenants
  FOR EACH STATEMENT EXECUTE FUNCTION llmtrace_access_changed();

--changeset llmtrace:access-3 splitStatements:false
-- The second wall. API callers work as llmtrace_api, which sees of a guarded table what the setting
-- llmtrace.tenants lists: JSON, either "*" or an array of tenants. The owner of the tables (ingest,
-- rollups, retention) is not bounded.
CREATE FUNCTION llmtrace_tenants() RETURNS text[] LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN jsonb_typeof(t) = 'array'
      THEN ARRAY(SELECT jsonb_array_elements_text(t)) ELSE '{}'::text[] END
  FROM (SELECT coalesce(nullif(current_setting('llmtrace.tenants', true), ''), '[]')::jsonb AS t) s
$$;
CREATE FUNCTION llmtrace_all_tenants() RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(nullif(current_setting('llmtrace.tenants', true), ''), '[]') = '"*"'
$$;

-- Puts a table behind the wall: CALL llmtrace_guard('my_table', 'SELECT, INSERT'). The table has a
-- column tenant; a row without one is for callers of all tenants. Of a partitioned table name the
-- parent: nothing is granted on partitions, so that none is a way around it. The sub-selects are
-- there so that the setting is read once a query and not once a row.
CREATE PROCEDURE llmtrace_guard(guarded regclass, privileges text DEFAULT 'SELECT')
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', guarded);
  EXECUTE format('DROP POLICY IF EXISTS llmtrace_tenant ON %s', guarded);
  EXECUTE format(
    'CREATE POLICY llmtrace_tenant ON %s TO llmtrace_api USING '
    '((SELECT llmtrace_all_tenants()) OR tenant = ANY ((SELECT llmtrace_tenants())::text[]))',
    guarded);
  EXECUTE format('GRANT %s ON %s TO llmtrace_api', privileges, guarded);
END $$;

DO $$
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO llmtrace_api', current_schema());
END $$;

--changeset llmtrace:access-4 splitStatements:false
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY llmtrace_tenant ON tenants TO llmtrace_api USING
  ((SELECT llmtrace_all_tenants()) OR id = ANY ((SELECT llmtrace_tenants())::text[]));
GRANT SELECT, INSERT, UPDATE ON tenants TO llmtrace_api;

-- A key of several tenants is seen by who may see all of them. Nobody reads secrets' hashes back.
ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY llmtrace_tenant ON api_keys TO llmtrace_api USING
  ((SELECT llmtrace_all_tenants()) OR (tenants <> '{}' AND tenants <@ (SELECT llmtrace_tenants())));
GRANT INSERT ON api_keys TO llmtrace_api;
GRANT SELECT (id, role, name, prefix, tenants, scopes, expires_at, created_at, created_by,
  revoked_at, replaces, lineage, revision) ON api_keys TO llmtrace_api;
GRANT UPDATE (name, scopes, expires_at, revoked_at, revision) ON api_keys TO llmtrace_api;

ALTER TABLE api_key_uses ENABLE ROW LEVEL SECURITY;
CREATE POLICY llmtrace_tenant ON api_key_uses TO llmtrace_api USING
  (EXISTS (SELECT 1 FROM api_keys k WHERE k.id = key_id));
GRANT SELECT ON api_key_uses TO llmtrace_api;

ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
CREATE POLICY llmtrace_caller ON idempotency TO llmtrace_api USING
  (caller = current_setting('llmtrace.caller', true));
GRANT SELECT, INSERT, DELETE ON idempotency TO llmtrace_api;

CALL llmtrace_guard('set_aside');

-- Tables of the changesets 1 and 2, as far as they are still there.
DO $$
BEGIN
  IF to_regclass('inspections') IS NOT NULL THEN
    -- Tenants that exchanges named before, as far as they can be named in a path.
    INSERT INTO tenants (id, name) SELECT DISTINCT tenant, tenant FROM inspections
      WHERE tenant ~ '^[A-Za-z0-9._:@+=|~-]{1,128}$' AND tenant NOT IN ('.', '..')
      ON CONFLICT DO NOTHING;
    CALL llmtrace_guard('inspections');
  END IF;
  IF to_regclass('findings') IS NOT NULL THEN
    CALL llmtrace_guard('findings');
  END IF;
  IF to_regclass('completions') IS NOT NULL THEN
    ALTER TABLE completions ENABLE ROW LEVEL SECURITY;
    -- The tenant of an answer is that of its request, whose own policy holds in here.
    CREATE POLICY llmtrace_tenant ON completions TO llmtrace_api USING
      ((SELECT llmtrace_all_tenants())
        OR EXISTS (SELECT 1 FROM inspections i WHERE i.decision_id = completions.decision_id));
    GRANT SELECT ON completions TO llmtrace_api;
  END IF;
  IF to_regclass('open_exchanges') IS NOT NULL THEN
    ALTER TABLE open_exchanges ENABLE ROW LEVEL SECURITY;
    CREATE POLICY llmtrace_tenant ON open_exchanges TO llmtrace_api USING
      ((SELECT llmtrace_all_tenants())
        OR EXISTS (SELECT 1 FROM inspections i WHERE i.decision_id = open_exchanges.decision_id));
    GRANT SELECT ON open_exchanges TO llmtrace_api;
  END IF;
END $$;

--changeset llmtrace:access-5 splitStatements:false
CREATE TABLE audit (
  seq bigint PRIMARY KEY,
  at_micros bigint NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  tenant text,
  target text NOT NULL,
  address text NOT NULL,
  user_agent text NOT NULL,
  request_id text NOT NULL,
  before text,
  after text,
  previous_hash bytea NOT NULL,
  hash bytea NOT NULL
);
CREATE INDEX audit_tenant ON audit (tenant, seq);
COMMENT ON COLUMN audit.before IS 'JSON as text, because its bytes are hashed';
CALL llmtrace_guard('audit');

CREATE FUNCTION llmtrace_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit is only ever added to' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION llmtrace_audit_refuse();

-- One field of the hashed text: its length in bytes and itself, or a dash. No two rows give one text.
CREATE FUNCTION llmtrace_audit_field(field text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN field IS NULL THEN '-' ELSE octet_length(convert_to(field, 'UTF8')) || ':' || field END
$$;

-- Runs as the owner: who adds a row sees its tenants' rows only, and the chain has all.
CREATE FUNCTION llmtrace_audit(actor text, action text, tenant text, target text, address text,
  user_agent text, request_id text, before text, after text)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$
#variable_conflict use_variable
DECLARE
  head record;
  next_seq bigint;
  now_micros bigint;
  previous bytea;
BEGIN
  PERFORM pg_advisory_xact_lock(7366002);
  SELECT a.seq, a.hash INTO head FROM audit a ORDER BY a.seq DESC LIMIT 1;
  next_seq := coalesce(head.seq, 0) + 1;
  previous := coalesce(head.hash, decode(repeat('00', 32), 'hex'));
  now_micros := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
  INSERT INTO audit (seq, at_micros, actor, action, tenant, target, address, user_agent, request_id,
      before, after, previous_hash, hash)
    VALUES (next_seq, now_micros, actor, action, tenant, target, address, user_agent, request_id,
      before, after, previous,
      sha256(previous || convert_to(
        llmtrace_audit_field(next_seq::text) || llmtrace_audit_field(now_micros::text)
        || llmtrace_audit_field(actor) || llmtrace_audit_field(action)
        || llmtrace_audit_field(tenant) || llmtrace_audit_field(target)
        || llmtrace_audit_field(address) || llmtrace_audit_field(user_agent)
        || llmtrace_audit_field(request_id) || llmtrace_audit_field(before)
        || llmtrace_audit_field(after), 'UTF8')));
  RETURN next_seq;
END $$;
REVOKE EXECUTE ON FUNCTION llmtrace_audit(text, text, text, text, text, text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION llmtrace_audit(text, text, text, text, text, text, text, text, text) TO llmtrace_api;

-- What runs as the owner finds tables in this schema and never in the caller's temporary one.
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION llmtrace_access_changed() SET search_path = %I, pg_temp', current_schema());
  EXECUTE format('ALTER FUNCTION llmtrace_audit(text, text, text, text, text, text, text, text, text)'
    ' SET search_path = %I, pg_temp', current_schema());
END $$;
