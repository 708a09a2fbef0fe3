#!/bin/sh
# One-shot, before the Temporal server starts: its two databases and their schema. Safe to run again: what is there is
# kept, and a newer image brings the schema up to its version.
set -eu

tool() {
  temporal-sql-tool --plugin postgres12 --ep "$POSTGRES_SEEDS" --port "$DB_PORT" --user "$POSTGRES_USER" "$@"
}

for database in temporal temporal_visibility; do
  tool --db "$database" create
  tool --db "$database" setup-schema --version 0.0
done
tool --db temporal update-schema --schema-dir /etc/temporal/schema/postgresql/v12/temporal/versioned
tool --db temporal_visibility update-schema --schema-dir /etc/temporal/schema/postgresql/v12/visibility/versioned
