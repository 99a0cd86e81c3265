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

--changeset llmtrace:statistics-3 splitStatements:false
-- Sums of an hour, day or week (from Monday) that is over, of all tenants in one row, in the form that Pack.java says: for questions
-- about all tenants, which else read hundreds of thousands of rows. Made of rollups, and never of anything else.
CREATE TABLE rollup_packs (
  dimension text NOT NULL,
  grain text NOT NULL,
  bucket timestamptz NOT NULL,
  sums bytea NOT NULL,
  sketches bytea NOT NULL,
  PRIMARY KEY (dimension, grain, bucket)
);
ALTER TABLE rollup_packs ALTER sums SET STORAGE EXTERNAL, ALTER sketches SET STORAGE EXTERNAL;
ALTER TABLE rollup_packs ENABLE ROW LEVEL SECURITY;
CREATE POLICY llmtrace_tenant ON rollup_packs TO llmtrace_api USING ((SELECT llmtrace_all_tenants()));
GRANT SELECT ON rollup_packs TO llmtrace_api;

-- Whoever changes a row takes the pack away that it is in, a release that knows of none, too. The hours and days
-- that are being written have no pack yet, and no call of this. RollupPacks says where the times come from.
CREATE FUNCTION llmtrace_rollup_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE gone record;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    DELETE FROM rollup_packs;
    RETURN NULL;
  ELSIF TG_OP = 'DELETE' THEN
    gone := OLD;
  ELSE
    gone := NEW;
  END IF;
  DELETE FROM rollup_packs WHERE dimension = gone.dimension AND grain = gone.grain AND bucket = gone.bucket;
  IF gone.grain = 'day' THEN
    DELETE FROM rollup_packs WHERE dimension = gone.dimension AND grain = 'week'
      AND bucket = date_trunc('week', gone.bucket, 'UTC');
  END IF;
  RETURN NULL;
END $$;
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION llmtrace_rollup_changed() SET search_path = %I, pg_temp', current_schema());
END $$;
CREATE TRIGGER rollup_written AFTER INSERT OR UPDATE ON rollups FOR EACH ROW
  WHEN (NEW.bucket < now() - CASE NEW.grain WHEN 'hour' THEN interval '90 minutes' ELSE interval '1470 minutes' END)
  EXECUTE FUNCTION llmtrace_rollup_changed();
CREATE TRIGGER rollup_deleted AFTER DELETE ON rollups FOR EACH ROW EXECUTE FUNCTION llmtrace_rollup_changed();
CREATE TRIGGER rollup_truncated AFTER TRUNCATE ON rollups FOR EACH STATEMENT
  EXECUTE FUNCTION llmtrace_rollup_changed();
