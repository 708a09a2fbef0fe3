#!/bin/sh
# Temporal's native core ships for five platforms in one package: 110 MB of it are for other machines.
# Usage: keep-one-core.sh NODE_MODULES
set -eu
releases=$1/@temporalio/core-bridge/releases
case $(uname -m) in
  x86_64) mine=x86_64-unknown-linux-gnu ;;
  aarch64 | arm64) mine=aarch64-unknown-linux-gnu ;;
  *)
    echo "keep-one-core: no native core of Temporal for $(uname -m); use an x86_64 or arm64 machine" >&2
    exit 1
    ;;
esac
if [ ! -d "$releases/$mine" ]; then
  echo "keep-one-core: $releases/$mine is not there: has the package changed its layout?" >&2
  exit 1
fi
for release in "$releases"/*; do
  [ "$release" = "$releases/$mine" ] || rm -rf "$release"
done
