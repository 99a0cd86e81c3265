--liquibase formatted sql

--changeset llmtrace:accounts-1
-- How many records came from each process of a node, in batches that were stored or set aside: counted in the transaction
-- that takes the batch, and compared with what the process says that it has made.
CREATE TABLE received_records (
  node text NOT NULL,
  boot_id text NOT NULL,
  records bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (node, boot_id)
);
INSERT INTO received_records (node, boot_id, records)
  SELECT node, boot_id, sum(records) FROM batches GROUP BY node, boot_id;

--changeset llmtrace:accounts-2
-- Instances that report are compared with what waits of theirs, each few seconds.
CREATE INDEX waiting_completions_node ON waiting_completions (node);
