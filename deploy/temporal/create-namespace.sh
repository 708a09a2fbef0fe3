#!/bin/sh
# One-shot, once the Temporal server answers: the namespace. Safe to run again. History is kept for three days only: the
# ledger is the state, history is for looking at what happened.
set -eu
namespace=${TEMPORAL_NAMESPACE:?is not set}
tries=0
until temporal operator cluster health >/dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -ge 30 ]; then
    echo "create-namespace: no healthy Temporal server at $TEMPORAL_ADDRESS after 30 tries" >&2
    exit 1
  fi
  sleep 1
done
if temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1; then
  echo "create-namespace: $namespace is there"
else
  temporal operator namespace create --namespace "$namespace" --retention 72h
fi
