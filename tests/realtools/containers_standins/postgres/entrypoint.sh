#!/bin/bash
# A cluster for POSTGRES_USER with that password in an empty folder, a database POSTGRES_DB in it; then the server.
set -e
if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  chmod 0700 "$PGDATA" || :
  [ -n "$POSTGRES_PASSWORD" ] || { echo "Error: superuser password is not specified (POSTGRES_PASSWORD)" >&2; exit 1; }
  initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD")
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
  pg_ctl -o "-c listen_addresses=''" -w start
  [ "$POSTGRES_DB" = postgres ] || createdb --username="$POSTGRES_USER" --no-password "$POSTGRES_DB"
  pg_ctl -m fast -w stop
fi
exec "$@"
