--liquibase formatted sql

--changeset llmtrace:settings-1
-- Settings of the whole installation; a tenant's stand in tenants.settings. One row.
CREATE TABLE settings (
  id text PRIMARY KEY CHECK (id = 'installation'),
  "values" jsonb NOT NULL DEFAULT '{}',
  revision bigint NOT NULL DEFAULT 1
);
INSERT INTO settings (id) VALUES ('installation');
-- They concern everybody, and are changed by callers of all tenants alone.
ALTER TABLE settings ENABLE ROW LEVEL SECURITY;
CREATE POLICY llmtrace_read ON settings FOR SELECT TO llmtrace_api USING (true);
CREATE POLICY llmtrace_change ON settings FOR UPDATE TO llmtrace_api
  USING ((SELECT llmtrace_all_tenants()));
GRANT SELECT, UPDATE ON settings TO llmtrace_api;
