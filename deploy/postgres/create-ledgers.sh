#!/bin/sh
# Runs once, when PostgreSQL starts on an empty volume: the ledgers' user and databases. Two ledgers, because what is
# rehearsed against the emulated vendor must never be taken for paid work. Temporal's own databases are made by
# deploy/temporal/set-up-schema.sh.
set -eu
: "${LEDGER_PASSWORD:?is not set: put it into .env}"
# The password goes in as a variable and is quoted by psql; \gexec and variables work on standard input only.
psql --set ON_ERROR_STOP=1 --no-psqlrc --quiet --username "$POSTGRES_USER" --dbname postgres \
  --set password="$LEDGER_PASSWORD" <<'SQL'
create role headswap login password :'password';
create database headswap owner headswap;
create database headswap_emulator owner headswap;
SQL
