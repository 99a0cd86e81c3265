--liquibase formatted sql

--changeset llmtrace:prices-1
-- Prices that somebody said, in US dollars for a million tokens. Of one tenant (or of all), provider and
-- model no two hold on the same day; who writes holds a lock over them.
CREATE TABLE price_overrides (
  id text COLLATE "C" PRIMARY KEY,
  tenant text,
  provider text NOT NULL,
  model text NOT NULL,
  input numeric NOT NULL CHECK (input >= 0),
  cached_input numeric CHECK (cached_input >= 0),
  cache_write numeric CHECK (cache_write >= 0),
  output numeric NOT NULL CHECK (output >= 0),
  up_to_prompt_tokens bigint CHECK (up_to_prompt_tokens > 0),
  valid_from date NOT NULL,
  valid_until date CHECK (valid_until > valid_from),
  source text NOT NULL,
  revision bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN price_overrides.tenant IS 'NULL is for everybody who has none of their own';
CREATE INDEX price_overrides_model ON price_overrides (provider, model);
CALL llmtrace_guard('price_overrides', 'SELECT, INSERT, UPDATE, DELETE');
-- What holds for all concerns all.
CREATE POLICY llmtrace_global ON price_overrides FOR SELECT TO llmtrace_api USING (tenant IS NULL);

--changeset llmtrace:prices-2
-- Processes that share limits, and for which tenants (NULL is all). Only the owner sees them.
CREATE TABLE lease_nodes (
  node text PRIMARY KEY,
  tenants text[],
  seen_at timestamptz NOT NULL
);
ALTER TABLE lease_nodes ENABLE ROW LEVEL SECURITY;
