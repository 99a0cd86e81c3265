--liquibase formatted sql

--changeset llmtrace:query-1
-- Which exchanges belong together; '' where that is not known. The partitions of before have the default
-- without being rewritten.
ALTER TABLE exchanges ADD COLUMN conversation text COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX exchanges_conversation ON exchanges (conversation, decision_id) WHERE conversation <> '';

--changeset llmtrace:query-2
-- What people said about findings. A finding lives in a partition that is dropped one day, so its state has a
-- table of its own; a finding without a row is open and nobody ever said anything.
CREATE TABLE finding_states (
  decision_id text COLLATE "C" NOT NULL,
  origin text NOT NULL,
  place int NOT NULL,
  day date NOT NULL,
  tenant text NOT NULL,
  state text NOT NULL CHECK (state IN ('open', 'acknowledged', 'false_positive', 'resolved')),
  comment text NOT NULL,
  revision bigint NOT NULL,
  changed_by text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (decision_id, origin, place)
);
CREATE INDEX finding_states_day ON finding_states (day, state);
CALL llmtrace_guard('finding_states', 'SELECT, INSERT, UPDATE');

CREATE TABLE finding_changes (
  decision_id text COLLATE "C" NOT NULL,
  origin text NOT NULL,
  place int NOT NULL,
  revision bigint NOT NULL,
  day date NOT NULL,
  tenant text NOT NULL,
  state text NOT NULL,
  comment text NOT NULL,
  changed_by text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (decision_id, origin, place, revision)
);
CREATE INDEX finding_changes_day ON finding_changes (day);
CALL llmtrace_guard('finding_changes', 'SELECT, INSERT');

--changeset llmtrace:query-3
-- What people say that detection should learn. Outlives the finding it came from.
CREATE TABLE feedback (
  id text COLLATE "C" PRIMARY KEY,
  tenant text NOT NULL,
  route text NOT NULL,
  finding_id text NOT NULL,
  verdict text NOT NULL CHECK (verdict IN ('false_positive', 'missed')),
  kind text NOT NULL CHECK (kind IN ('exception', 'pack_case')),
  scope text NOT NULL CHECK (scope IN ('route', 'tenant')),
  type text NOT NULL,
  severity text NOT NULL,
  detector text NOT NULL,
  rule text NOT NULL,
  zone text NOT NULL,
  evidence text NOT NULL,
  text text,
  comment text NOT NULL,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'rejected')),
  revision bigint NOT NULL DEFAULT 1,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  changed_by text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX feedback_tenant ON feedback (tenant, id);
CALL llmtrace_guard('feedback', 'SELECT, INSERT, UPDATE');

--changeset llmtrace:query-4
-- Nodes belong to no tenant: they are for callers of all of them.
ALTER TABLE instances ENABLE ROW LEVEL SECURITY;
CREATE POLICY llmtrace_tenant ON instances TO llmtrace_api USING ((SELECT llmtrace_all_tenants()));
GRANT SELECT ON instances TO llmtrace_api;

--changeset llmtrace:query-5 splitStatements:false
-- Whether nobody waits for an exchange's answer any more. Says nothing but that of an id that the caller
-- has; to ask the exchange's own policy for each row would open every partition.
CREATE FUNCTION llmtrace_settled(id text) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER AS $$
  SELECT EXISTS (SELECT FROM settled_late s WHERE s.decision_id = id)
$$;

-- Findings of some days whose evidence holds words. Text search is not leakproof, so behind row-level
-- security it reads every row; as the owner it reads its index, and bounds itself to the caller's tenants.
-- The days stand in the statement, so that only their partitions are opened.
CREATE FUNCTION llmtrace_findings_with(words text, first_day date, last_day date)
RETURNS TABLE (decision_id text, origin text, place int) LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
  RETURN QUERY EXECUTE format(
    'SELECT f.decision_id, f.origin, f.place FROM findings f'
    ' WHERE f.day BETWEEN %L AND %L'
    ' AND to_tsvector(''simple'', f.evidence) @@ websearch_to_tsquery(''simple'', %L)'
    ' AND ((SELECT llmtrace_all_tenants()) OR f.tenant = ANY ((SELECT llmtrace_tenants())::text[]))',
    first_day, last_day, words);
END $$;

DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION llmtrace_settled(text) SET search_path = %I, pg_temp', current_schema());
  EXECUTE format('ALTER FUNCTION llmtrace_findings_with(text, date, date) SET search_path = %I, pg_temp',
    current_schema());
END $$;
REVOKE EXECUTE ON FUNCTION llmtrace_settled(text) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION llmtrace_findings_with(text, date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION llmtrace_settled(text) TO llmtrace_api;
GRANT EXECUTE ON FUNCTION llmtrace_findings_with(text, date, date) TO llmtrace_api;

--changeset llmtrace:query-6
-- Of the key that an instance was told with: another one for other tenants may not speak for it.
ALTER TABLE instances ADD COLUMN scope text;
COMMENT ON COLUMN instances.scope IS '* or a JSON list of tenants; null where a release of before stored it';
