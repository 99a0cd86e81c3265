--liquibase formatted sql

--changeset llmtrace:statistics-1
-- The primary key is for questions about all tenants; these are for those about one, and about the few of thousands of
-- consumers that an answer has lines for.
CREATE INDEX rollups_tenant ON rollups (tenant, dimension, grain, bucket);
CREATE INDEX rollups_key ON rollups (key, dimension, grain, bucket);
