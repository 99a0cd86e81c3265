--liquibase formatted sql

--changeset llmtrace:policies-1
-- A policy is its versions, which never change, and its activations, of which the newest says what holds.
CREATE TABLE policies (
  id text COLLATE "C" PRIMARY KEY,
  tenant text CHECK (tenant <> ''),
  name text COLLATE "C" NOT NULL,
  standard boolean NOT NULL DEFAULT false,
  newest int NOT NULL DEFAULT 1,
  revision bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  archived_at timestamptz
);
COMMENT ON COLUMN policies.tenant IS 'NULL is everybody''s';
COMMENT ON COLUMN policies.standard IS 'the layer of all routes of its tenant';
CREATE UNIQUE INDEX policies_name ON policies (coalesce(tenant, ''), name) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX policies_standard ON policies (coalesce(tenant, ''))
  WHERE standard AND archived_at IS NULL;

-- source is as somebody wrote it; compiled is the same, read and checked, as bundles carry it: text, because jsonb
-- would lose the order that it means. A person is an actor whose key may have been rotated.
CREATE TABLE policy_versions (
  policy text NOT NULL REFERENCES policies (id),
  version int NOT NULL CHECK (version > 0),
  tenant text,
  source text NOT NULL,
  compiled text NOT NULL,
  message text NOT NULL,
  author text NOT NULL,
  author_person text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  approved_by text,
  approved_person text,
  approved_at timestamptz,
  PRIMARY KEY (policy, version)
);

-- Each row is the whole state from then on, so the newest row of before a moment says what held at it. back_to is
-- the row whose active version comes back with a roll back.
CREATE TABLE policy_activations (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  policy text NOT NULL REFERENCES policies (id),
  tenant text,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('activate', 'roll_back', 'deactivate', 'rollout', 'rollout_cancel',
    'rollout_finish', 'shadow', 'shadow_stop', 'standard')),
  active int,
  candidate int,
  rollout jsonb,
  shadow int,
  standard boolean NOT NULL,
  back_to bigint REFERENCES policy_activations (id),
  message text NOT NULL DEFAULT '',
  CHECK ((candidate IS NULL) = (rollout IS NULL)),
  FOREIGN KEY (policy, active) REFERENCES policy_versions (policy, version),
  FOREIGN KEY (policy, candidate) REFERENCES policy_versions (policy, version),
  FOREIGN KEY (policy, shadow) REFERENCES policy_versions (policy, version)
);
CREATE INDEX policy_activations_newest ON policy_activations (policy, id DESC);

CALL llmtrace_guard('policies', 'SELECT, INSERT, UPDATE');
CALL llmtrace_guard('policy_versions', 'SELECT, INSERT');
GRANT UPDATE (approved_by, approved_person, approved_at) ON policy_versions TO llmtrace_api;
CALL llmtrace_guard('policy_activations', 'SELECT, INSERT');
-- What holds for all concerns all.
CREATE POLICY llmtrace_global ON policies FOR SELECT TO llmtrace_api USING (tenant IS NULL);
CREATE POLICY llmtrace_global ON policy_versions FOR SELECT TO llmtrace_api USING (tenant IS NULL);
CREATE POLICY llmtrace_global ON policy_activations FOR SELECT TO llmtrace_api USING (tenant IS NULL);

--changeset llmtrace:policies-2 splitStatements:false
-- What replicas ask for several times a second: one row. Ids of activations would not do: of two transactions the one
-- with the larger id may be committed first.
CREATE TABLE policy_changes (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  version bigint NOT NULL
);
INSERT INTO policy_changes (version) VALUES (1);
ALTER TABLE policy_changes ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION llmtrace_policy_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  UPDATE policy_changes SET version = version + 1;
  RETURN NULL;
END $$;
CREATE TRIGGER policy_changed AFTER INSERT ON policy_activations
  FOR EACH STATEMENT EXECUTE FUNCTION llmtrace_policy_changed();

-- How much bundles carry at most of a tenant's policies (NULL: everybody's), and of all policies. Runs as the owner:
-- who changes a policy sees its tenants' rows only.
CREATE FUNCTION llmtrace_policy_bytes(whose text, OUT own bigint, OUT every bigint)
LANGUAGE sql STABLE SECURITY DEFINER AS $$
  SELECT coalesce(sum(s.bytes) FILTER (WHERE s.tenant IS NOT DISTINCT FROM whose), 0)::bigint,
    coalesce(sum(s.bytes), 0)::bigint
  FROM (SELECT p.tenant,
      coalesce(greatest(max(octet_length(v.compiled)) FILTER (WHERE v.version = a.active),
        max(octet_length(v.compiled)) FILTER (WHERE v.version = a.candidate)), 0)
      + coalesce(max(octet_length(v.compiled)) FILTER (WHERE v.version = a.shadow), 0) AS bytes
    FROM policies p
    JOIN LATERAL (SELECT * FROM policy_activations x WHERE x.policy = p.id ORDER BY x.id DESC LIMIT 1) a ON true
    JOIN policy_versions v ON v.policy = p.id AND v.version IN (a.active, a.candidate, a.shadow)
    WHERE p.archived_at IS NULL
    GROUP BY p.id, p.tenant) s
$$;
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION llmtrace_policy_bytes(text) SET search_path = %I, pg_temp', current_schema());
END $$;
REVOKE EXECUTE ON FUNCTION llmtrace_policy_bytes(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION llmtrace_policy_bytes(text) TO llmtrace_api;

--changeset llmtrace:policies-3
-- What instances were given. A revision is never used twice, on no instance, so it names exactly what decided.
CREATE TABLE bundle_contents (
  digest text PRIMARY KEY,
  versions jsonb NOT NULL
);
CREATE TABLE bundle_revisions (
  revision bigint PRIMARY KEY,
  node text NOT NULL,
  scope text NOT NULL,
  digest text NOT NULL REFERENCES bundle_contents (digest),
  keyring text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN bundle_revisions.scope IS 'tenants of the key that asked: a node has a stream for each';
-- A scope may be longer than an index takes; a node has few.
CREATE INDEX bundle_revisions_node ON bundle_revisions (node, revision DESC);
CREATE TABLE bundle_nodes (
  node text NOT NULL,
  scope text NOT NULL,
  labels jsonb NOT NULL,
  running_revision bigint NOT NULL,
  running_digest text,
  wanted_revision bigint,
  wanted_digest text,
  behind_since timestamptz,
  refused text,
  refused_revision bigint,
  refused_detail text,
  refused_at timestamptz,
  seen_at timestamptz NOT NULL
);
-- The same name under a key for other tenants is another row: no key changes what another one said.
CREATE UNIQUE INDEX bundle_nodes_one ON bundle_nodes (node, md5(scope));
-- They concern no tenant: seen by who may see all of them.
ALTER TABLE bundle_contents ENABLE ROW LEVEL SECURITY;
ALTER TABLE bundle_revisions ENABLE ROW LEVEL SECURITY;
ALTER TABLE bundle_nodes ENABLE ROW LEVEL SECURITY;
CREATE POLICY llmtrace_tenant ON bundle_contents TO llmtrace_api USING ((SELECT llmtrace_all_tenants()));
CREATE POLICY llmtrace_tenant ON bundle_revisions TO llmtrace_api USING ((SELECT llmtrace_all_tenants()));
CREATE POLICY llmtrace_tenant ON bundle_nodes TO llmtrace_api USING ((SELECT llmtrace_all_tenants()));
GRANT SELECT ON bundle_contents, bundle_revisions, bundle_nodes TO llmtrace_api;

--changeset llmtrace:policies-4
-- What candidates would have decided, by hour (epoch seconds) and tenant. Each transaction of ingest adds rows of its
-- own, so that none waits for another; they are added up soon after.
CREATE TABLE policy_shadow_sums (
  hour bigint NOT NULL,
  tenant text NOT NULL,
  policy text NOT NULL,
  version int NOT NULL,
  active text NOT NULL,
  candidate text NOT NULL,
  exchanges bigint NOT NULL
);
COMMENT ON COLUMN policy_shadow_sums.policy IS 'its name, as records have it';
CREATE INDEX policy_shadow_sums_policy ON policy_shadow_sums (policy, version, hour);
-- A few exchanges of each difference, by id; what they hold stands with them.
CREATE TABLE policy_shadow_examples (
  tenant text NOT NULL,
  policy text NOT NULL,
  version int NOT NULL,
  active text NOT NULL,
  candidate text NOT NULL,
  rule text NOT NULL,
  decision_id text COLLATE "C" NOT NULL
);
CREATE INDEX policy_shadow_examples_policy ON policy_shadow_examples (policy, version, decision_id DESC);
CALL llmtrace_guard('policy_shadow_sums');
CALL llmtrace_guard('policy_shadow_examples');

--changeset llmtrace:policies-5
-- Trials of policies on stored exchanges and on samples. A row of no tenant is for callers of all tenants.
CREATE TABLE policy_simulations (
  id text COLLATE "C" PRIMARY KEY,
  tenant text,
  actor text NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
  done int NOT NULL DEFAULT 0,
  total int NOT NULL,
  result jsonb,
  problem text,
  created_at timestamptz NOT NULL DEFAULT now(),
  beat_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX policy_simulations_age ON policy_simulations (created_at);
CALL llmtrace_guard('policy_simulations', 'SELECT, INSERT, UPDATE');
