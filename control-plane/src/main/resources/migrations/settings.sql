--liquibase formatted sql

--changeset llmtrace:settings-1
-- Settings of the whole installation; a tenant's stand in tenants.settings. One row.
CREATE TABLE settings (
  id text PRIMARY KEY CHECK (id = 'installation'),
  "values" jsonb NOT NULL DEFAULT '{}',
  revision bigint NOT NULL DEFAULT 1
);
INSERT INTO settings (id) VALUES ('installation');
GRANT SELECT, UPDATE ON settings TO llmtrace_api;
