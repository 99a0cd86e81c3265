--liquibase formatted sql

--changeset llmtrace:statistics-1
-- The primary key is for questions about all tenants; these are for those about one, and about the few of thousands of
-- consumers that an answer has lines for.
CREATE INDEX rollups_tenant ON rollups (tenant, dimension, grain, bucket);
CREATE INDEX rollups_key ON rollups (key, dimension, grain, bucket);

--changeset llmtrace:statistics-2
-- Their rows are updated again and again, and never in a column of an index: with room on its page a row's new version
-- needs no new entries in the indexes. Pages that are there stay as they are.
ALTER TABLE rollups SET (fillfactor = 70);
ALTER TABLE metric_totals SET (fillfactor = 50);
