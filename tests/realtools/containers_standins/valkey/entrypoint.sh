#!/bin/sh
# What the image's documentation promises to who runs it with --user: a folder it cannot write is said at once.
set -e
case "$1" in
  -* | *.conf) set -- valkey-server "$@" ;;
esac
if [ "$1" = valkey-server ] && [ ! -w . ]; then
  echo "error: directory is not writable by current user ($(id -u))" >&2
  exit 1
fi
umask 0077
exec "$@"
