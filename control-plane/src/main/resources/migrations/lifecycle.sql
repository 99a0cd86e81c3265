--liquibase formatted sql

--changeset llmtrace:lifecycle-1
-- Legal holds. moved_until: all days before it were moved into the class 'hold'; rows that come later for
-- such a day are moved before its partition is dropped.
CREATE TABLE holds (
  id text COLLATE "C" PRIMARY KEY,
  tenant text NOT NULL,
  consumer text,
  from_day date NOT NULL,
  until_day date,
  reason text NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_by text,
  ended_at timestamptz,
  moved_until date,
  released_at timestamptz,
  CHECK (until_day >= from_day)
);
COMMENT ON COLUMN holds.consumer IS 'NULL is all of the tenant';
CALL llmtrace_guard('holds', 'SELECT, INSERT');
GRANT UPDATE (ended_by, ended_at) ON holds TO llmtrace_api;

--changeset llmtrace:lifecycle-2
-- Erasures of data subjects. The subject stands here until all of it is erased, and its hash from then on.
CREATE TABLE erasures (
  id text COLLATE "C" PRIMARY KEY,
  tenant text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('consumer', 'agent')),
  subject text,
  subject_sha256 text NOT NULL,
  reason text NOT NULL,
  requested_by text NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT now(),
  counts jsonb NOT NULL DEFAULT '{}',
  done_at timestamptz,
  receipt text,
  signature bytea,
  key_id text,
  CHECK ((done_at IS NULL) = (subject IS NOT NULL))
);
COMMENT ON COLUMN erasures.receipt IS 'JSON as text, because its bytes are signed';
CALL llmtrace_guard('erasures', 'INSERT');
GRANT SELECT (id, tenant, kind, subject_sha256, reason, requested_by, requested_at, counts, done_at, receipt,
  signature, key_id) ON erasures TO llmtrace_api;
CREATE INDEX erasures_pending ON erasures (id) WHERE done_at IS NULL;
