#!/usr/bin/env bash
# Copies all rows from the database EMBEDDED to DATABASE_URL, which has the same release's schema and nothing that matters:
# its rows are replaced. What it is for: running.md, "The embedded database".
set -euo pipefail
: "${EMBEDDED:?set EMBEDDED to the address of the database to read}" "${DATABASE_URL:?set DATABASE_URL to the one to fill}"

# Others refer to rows of the first three.
tables=$(psql -XAtc "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations'
  ORDER BY tablename NOT IN ('clients', 'incidents', 'alerts'), tablename" "$DATABASE_URL")
{
  echo 'BEGIN;'
  echo "TRUNCATE ${tables//$'\n'/, };"
  for table in $tables; do
    echo "COPY $table FROM STDIN;"
    psql -Xc "COPY $table TO STDOUT" "$EMBEDDED"
    echo '\.'
  done
  echo 'COMMIT;'
} | psql -Xq -v ON_ERROR_STOP=1 "$DATABASE_URL"
