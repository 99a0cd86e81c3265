#!/bin/sh
# On the first start of an empty database: a user that owns its own database and is nothing else, and the role behind
# row-level security, which a user without rights to make roles cannot make itself.
set -eu
password="$(cat /run/secrets/database_password)"
psql -v ON_ERROR_STOP=1 -v "password=$password" --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
CREATE ROLE llmtrace_api NOLOGIN;
CREATE ROLE llmtrace LOGIN PASSWORD :'password';
GRANT llmtrace_api TO llmtrace;
CREATE DATABASE llmtrace OWNER llmtrace;
REVOKE ALL ON DATABASE llmtrace FROM PUBLIC;
SQL
