#!/bin/sh
# Builds the release and starts the broker:  tools/run.sh [--build-only] [arguments of lepus...]
# Messages and settings live in data/ of the repository unless the arguments say otherwise.
set -eu
cd "$(dirname "$0")/.."
tools/deps.sh
if [ "${1:-}" = "--build-only" ]; then
    exec tools/build.sh release lepus lepus-journal lepus-perf lepusctl
fi
tools/build.sh release lepus lepus-journal lepus-perf lepusctl
echo "build/release/lepusctl finds it from here; elsewhere: LEPUS_SOCKET=$PWD/data/lepus.sock" >&2
echo "HTTP API: http://localhost:15672/api; metrics: http://localhost:15692/metrics" >&2
exec build/release/lepus --set "data_dir=$PWD/data" "$@"
