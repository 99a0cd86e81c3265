--liquibase formatted sql

--changeset llmtrace:siem-1
-- Where findings are sent as OCSF events, and what each sink still has to get. A row is added in the transaction
-- that stores or changes the finding and deleted when the sink has it: there is no position to lose, and rows
-- that are committed out of order are only sent later.
CREATE TABLE siem_sinks (
  name text COLLATE "C" PRIMARY KEY,
  min_severity smallint NOT NULL,
  claimed_by text,
  claimed_until timestamptz NOT NULL DEFAULT '-infinity',
  failures int NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL DEFAULT '-infinity',
  last_error text
);
COMMENT ON COLUMN siem_sinks.min_severity IS 'place in info, low, medium, high, critical, from 1';
CREATE TABLE siem_outbox (
  sink text COLLATE "C" NOT NULL REFERENCES siem_sinks (name) ON DELETE CASCADE,
  id bigint GENERATED ALWAYS AS IDENTITY,
  decision_id text COLLATE "C" NOT NULL,
  day date NOT NULL,
  origin text NOT NULL,
  place int NOT NULL,
  tenant text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (sink, id)
);
CALL llmtrace_guard('siem_outbox');

--changeset llmtrace:siem-2 splitStatements:false
-- Runs as the owner: who says something of a finding has no business with what is sent of it.
CREATE FUNCTION llmtrace_siem_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  INSERT INTO siem_outbox (sink, decision_id, day, origin, place, tenant)
    SELECT name, NEW.decision_id, NEW.day, NEW.origin, NEW.place, NEW.tenant FROM siem_sinks ORDER BY name;
  RETURN NULL;
END $$;
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION llmtrace_siem_changed() SET search_path = %I, pg_temp', current_schema());
END $$;
CREATE TRIGGER siem_changed AFTER INSERT OR UPDATE ON finding_states
  FOR EACH ROW EXECUTE FUNCTION llmtrace_siem_changed();

--changeset llmtrace:siem-3
-- Who adds a row must not wait for, or be refused by, who takes a sink out.
ALTER TABLE siem_outbox DROP CONSTRAINT siem_outbox_sink_fkey;
ALTER TABLE siem_sinks ADD COLUMN seen_at timestamptz NOT NULL DEFAULT clock_timestamp();
COMMENT ON COLUMN siem_sinks.seen_at IS 'when a replica last had it in its configuration';

--changeset llmtrace:siem-4 splitStatements:false
-- Anomalies are sent, too: when they are told, get worse, end, or somebody says something of them. Not each hour that
-- is added to one. Runs as the owner, as above.
CREATE FUNCTION llmtrace_siem_anomaly() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  INSERT INTO siem_outbox (sink, decision_id, day, origin, place, tenant)
    SELECT name, NEW.id, (NEW.started_at AT TIME ZONE 'UTC')::date, 'anomaly', TG_ARGV[0]::int, NEW.tenant
    FROM siem_sinks ORDER BY name;
  RETURN NULL;
END $$;
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION llmtrace_siem_anomaly() SET search_path = %I, pg_temp', current_schema());
END $$;
CREATE TRIGGER siem_told AFTER INSERT ON anomalies
  FOR EACH ROW EXECUTE FUNCTION llmtrace_siem_anomaly('0');
CREATE TRIGGER siem_changed AFTER UPDATE ON anomalies FOR EACH ROW
  WHEN ((OLD.severity, OLD.ended_at, OLD.state, OLD.comment) IS DISTINCT FROM (NEW.severity, NEW.ended_at, NEW.state, NEW.comment))
  EXECUTE FUNCTION llmtrace_siem_anomaly('1');
