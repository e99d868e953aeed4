#!/bin/sh
# Builds the release and starts the broker:
#   tools/run.sh [--build-only | --dpdk] [arguments of lepus...]
# With --dpdk it has the kernel bypass, in a network namespace of its own (docs/BYPASS.md).
# Messages and settings live in data/ of the repository unless the arguments say otherwise.
set -eu
cd "$(dirname "$0")/.."
tools/deps.sh
if [ "${1:-}" = "--build-only" ]; then
    exec tools/build.sh release lepus lepus-journal lepus-perf lepusctl
fi
if [ "${1:-}" = "--dpdk" ]; then
    shift
    tools/deps.sh --dpdk
    [ -f build/release/build.ninja ] || tools/build.sh release build.ninja
    meson configure build/release -Ddpdk=enabled
    tools/build.sh release lepus lepus-perf lepusctl net/dpdk/lepus-dpdk.so net/dpdk/lepus-lwip.so
    exec tools/dpdk/try.sh "$PWD/build/release" "$PWD/data" "$@"
fi
tools/build.sh release lepus lepus-journal lepus-perf lepusctl
echo "build/release/lepusctl finds it; for another one: LEPUS_SOCKET=$PWD/data/lepus.sock" >&2
echo "web interface, with the HTTP API below /api: http://localhost:15672/" >&2
echo "metrics: http://localhost:15692/metrics" >&2
exec build/release/lepus --set "data_dir=$PWD/data" "$@"
