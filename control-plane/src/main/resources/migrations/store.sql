--liquibase formatted sql

--changeset llmtrace:store-1
-- Exchanges in partitions: by retention class, then by day (UTC) of the decision id, which is a ULID and
-- tells its time. There is no default partition: a row without one is a fault, not a row that retention
-- never meets. Times in bigint are epoch milliseconds.
ALTER TABLE completions RENAME TO old_completions;
ALTER TABLE findings RENAME TO old_findings;

CREATE TABLE exchanges (
  decision_id text COLLATE "C" NOT NULL,
  day date NOT NULL,
  retention text NOT NULL,
  at bigint NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  node text NOT NULL,
  tenant text NOT NULL,
  route text NOT NULL,
  consumer text NOT NULL,
  agent text NOT NULL,
  provider text NOT NULL,
  model text NOT NULL,
  dialect text NOT NULL,
  outcome text NOT NULL,
  findings int NOT NULL,
  tap boolean NOT NULL,
  record jsonb NOT NULL,
  PRIMARY KEY (decision_id, day, retention)
) PARTITION BY LIST (retention);
CREATE INDEX exchanges_tenant ON exchanges (tenant, decision_id);
-- Insert-only and nearly in order of arrival: a block range is enough to find the last minutes.
CREATE INDEX exchanges_received ON exchanges USING brin (received_at) WITH (pages_per_range = 16);

-- What a completion belongs to is copied from its exchange, so that it is found, kept and dropped with it.
-- One whose exchange never came has the tenant ''.
CREATE TABLE completions (
  decision_id text COLLATE "C" NOT NULL,
  day date NOT NULL,
  retention text NOT NULL,
  at bigint NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  node text NOT NULL,
  tenant text NOT NULL,
  status int NOT NULL,
  latency_ms double precision NOT NULL,
  cost_usd double precision,
  record jsonb NOT NULL,
  PRIMARY KEY (decision_id, day, retention)
) PARTITION BY LIST (retention);

-- place is the finding's number in its half of the exchange, from 1.
CREATE TABLE findings (
  decision_id text COLLATE "C" NOT NULL,
  day date NOT NULL,
  retention text NOT NULL,
  origin text NOT NULL,
  place int NOT NULL,
  at bigint NOT NULL,
  tenant text NOT NULL,
  route text NOT NULL,
  type text NOT NULL,
  severity text NOT NULL,
  confidence double precision NOT NULL,
  evidence text NOT NULL,
  record jsonb NOT NULL,
  PRIMARY KEY (decision_id, origin, place, day, retention)
) PARTITION BY LIST (retention);
CREATE INDEX findings_tenant ON findings (tenant, decision_id);
CREATE INDEX findings_evidence ON findings USING gin (to_tsvector('simple', evidence));

--changeset llmtrace:store-2 splitStatements:false
CREATE FUNCTION llmtrace_retention(class text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE parent text;
BEGIN
  IF class !~ '^[a-z]{1,20}$' THEN
    RAISE EXCEPTION 'retention class %: expected 1 to 20 lower-case letters', class;
  END IF;
  FOREACH parent IN ARRAY ARRAY['exchanges', 'completions', 'findings'] LOOP
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES IN (%L) PARTITION BY RANGE (day)',
      parent || '_' || class, parent, class);
  END LOOP;
END $$;

-- Makes what is missing of a day's partitions. A table is made beside its parent and attached, which does
-- not lock out readers and writers of the other days.
CREATE FUNCTION llmtrace_partition(class text, on_day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  parent text;
  child text;
BEGIN
  PERFORM pg_advisory_xact_lock(7366004);
  FOREACH parent IN ARRAY ARRAY['exchanges_' || class, 'completions_' || class, 'findings_' || class] LOOP
    child := parent || '_' || to_char(on_day, 'YYYYMMDD');
    IF to_regclass(quote_ident(child)) IS NULL THEN
      EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', child, parent);
      EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        parent, child, on_day, on_day + 1);
    END IF;
  END LOOP;
END $$;

-- The moment in a ULID, epoch milliseconds: its first ten characters in Crockford's base 32.
CREATE FUNCTION llmtrace_ulid_millis(ulid text) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT sum((strpos('0123456789ABCDEFGHJKMNPQRSTVWXYZ', substr(ulid, i, 1)) - 1)::bigint
             << (5 * (10 - i)))::bigint
  FROM generate_series(1, 10) AS i
$$;

CREATE FUNCTION llmtrace_ulid_day(ulid text) RETURNS date LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT (to_timestamp(llmtrace_ulid_millis(ulid) / 1000.0) AT TIME ZONE 'UTC')::date
$$;

SELECT llmtrace_retention('short');
SELECT llmtrace_retention('standard');
SELECT llmtrace_retention('long');
SELECT llmtrace_retention('hold');

--changeset llmtrace:store-3 splitStatements:false
-- What earlier versions stored. Ids that are no ULIDs came from no plugin.
SELECT llmtrace_partition('standard', day) FROM (
  SELECT DISTINCT llmtrace_ulid_day(decision_id) AS day FROM (
    SELECT decision_id FROM inspections UNION ALL SELECT decision_id FROM old_completions) ids
  WHERE decision_id ~ '^[0-7][0-9A-HJKMNP-TV-Z]{25}$') days;
INSERT INTO exchanges (decision_id, day, retention, at, node, tenant, route, consumer, agent, provider, model,
    dialect, outcome, findings, tap, record)
  SELECT decision_id, llmtrace_ulid_day(decision_id), 'standard', at, node, tenant, route,
    coalesce(record->>'consumer', ''), coalesce(record->>'agent', ''), coalesce(record->>'provider', ''),
    coalesce(record->>'model', ''), coalesce(record->>'dialect', 'unknown'),
    CASE WHEN record->'decision'->>'action' IN ('redact', 'limit', 'block') THEN record->'decision'->>'action'
         WHEN record->'receipt'->>'coverage' IN ('partial', 'uninspected') THEN record->'receipt'->>'coverage'
         ELSE coalesce(record->'decision'->>'action', 'allow') END,
    coalesce(jsonb_array_length(record->'findings'), 0), coalesce((record->>'tap')::boolean, true), record
  FROM inspections WHERE decision_id ~ '^[0-7][0-9A-HJKMNP-TV-Z]{25}$';
INSERT INTO completions (decision_id, day, retention, at, node, tenant, status, latency_ms, cost_usd, record)
  SELECT c.decision_id, llmtrace_ulid_day(c.decision_id), 'standard', c.at, c.node, coalesce(i.tenant, ''),
    coalesce((c.record->>'status')::int, 0), coalesce((c.record->>'latency_ms')::double precision, 0),
    (c.record->>'cost_usd')::double precision, c.record
  FROM old_completions c LEFT JOIN inspections i USING (decision_id)
  WHERE c.decision_id ~ '^[0-7][0-9A-HJKMNP-TV-Z]{25}$'
    AND NOT EXISTS (SELECT FROM waiting_completions w WHERE w.decision_id = c.decision_id);
INSERT INTO findings (decision_id, day, retention, origin, place, at, tenant, route, type, severity,
    confidence, evidence, record)
  SELECT decision_id, llmtrace_ulid_day(decision_id), 'standard', origin,
    row_number() OVER (PARTITION BY decision_id, origin ORDER BY place, id), at, tenant, route, type, severity,
    coalesce((record->>'confidence')::double precision, 0), coalesce(record->>'evidence', ''), record
  FROM old_findings WHERE decision_id ~ '^[0-7][0-9A-HJKMNP-TV-Z]{25}$';

-- A completion that came before its exchange waits here whole.
ALTER TABLE waiting_completions ADD COLUMN node text NOT NULL DEFAULT '';
ALTER TABLE waiting_completions ADD COLUMN record jsonb;
UPDATE waiting_completions w SET node = c.node, record = c.record
  FROM old_completions c WHERE c.decision_id = w.decision_id;
DELETE FROM waiting_completions WHERE record IS NULL;
ALTER TABLE waiting_completions ALTER COLUMN record SET NOT NULL;

-- Exchanges that nobody answered in time. Whoever adds the row, the sweep or a late completion, counts the
-- exchange.
CREATE TABLE settled_late (
  decision_id text COLLATE "C" PRIMARY KEY,
  day date NOT NULL,
  by text NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO settled_late (decision_id, day, by)
  SELECT decision_id, day, 'sweep' FROM exchanges e
  WHERE tap AND NOT EXISTS (SELECT FROM completions c WHERE c.decision_id = e.decision_id)
    AND NOT EXISTS (SELECT FROM open_exchanges o WHERE o.decision_id = e.decision_id);
CREATE TABLE sweeps (
  job text PRIMARY KEY,
  done_until timestamptz NOT NULL
);
INSERT INTO sweeps (job, done_until)
  SELECT 'unobserved', coalesce(min(since), now()) - interval '1 second' FROM open_exchanges;
UPDATE exchanges e SET received_at = o.since FROM open_exchanges o WHERE o.decision_id = e.decision_id;

DROP TABLE old_findings;
DROP TABLE old_completions;
DROP TABLE open_exchanges;
DROP TABLE inspections;

--changeset llmtrace:store-4
-- Sums by hour and by day. dimension says what key and key2 are: of 'tenant' nothing, of 'route', 'consumer'
-- and 'agent' that name, of 'model' provider and model, of 'finding' type and severity.
CREATE TABLE rollups (
  dimension text NOT NULL,
  grain text NOT NULL,
  bucket timestamptz NOT NULL,
  tenant text NOT NULL,
  key text NOT NULL,
  key2 text NOT NULL,
  exchanges bigint NOT NULL,
  requests bigint NOT NULL,
  errors bigint NOT NULL,
  unobserved bigint NOT NULL,
  flagged bigint NOT NULL,
  redacted bigint NOT NULL,
  limited bigint NOT NULL,
  blocked bigint NOT NULL,
  partial bigint NOT NULL,
  uninspected bigint NOT NULL,
  findings bigint NOT NULL,
  prompt_tokens bigint NOT NULL,
  completion_tokens bigint NOT NULL,
  cached_tokens bigint NOT NULL,
  reasoning_tokens bigint NOT NULL,
  cost_usd numeric NOT NULL,
  cost_unknown bigint NOT NULL,
  latency bytea,
  PRIMARY KEY (dimension, grain, bucket, tenant, key, key2)
);
-- What each transaction of ingest adds, by hour, until it is folded into rollups.
CREATE TABLE rollup_journal (LIKE rollups INCLUDING DEFAULTS);
ALTER TABLE rollup_journal DROP COLUMN grain;
ALTER TABLE rollup_journal ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;

-- Batches that cannot be stored as they are, kept as they came.
CREATE TABLE set_aside_batches (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key_id text NOT NULL,
  node text NOT NULL,
  boot_id text NOT NULL,
  sequence bigint NOT NULL,
  reason text NOT NULL,
  records int NOT NULL,
  body bytea NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  replayed_at timestamptz
);
CREATE INDEX batches_received ON batches USING brin (received_at);

--changeset llmtrace:store-5 splitStatements:false
CALL llmtrace_guard('exchanges');
CALL llmtrace_guard('completions');
CALL llmtrace_guard('findings');
CALL llmtrace_guard('rollups');
CALL llmtrace_guard('rollup_journal');
-- Has no tenant of its own: the exchange's wall is its wall.
ALTER TABLE settled_late ENABLE ROW LEVEL SECURITY;
CREATE POLICY llmtrace_tenant ON settled_late TO llmtrace_api USING
  (EXISTS (SELECT 1 FROM exchanges e WHERE e.decision_id = settled_late.decision_id
    AND e.day = settled_late.day));
GRANT SELECT ON settled_late TO llmtrace_api;
