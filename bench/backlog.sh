#!/bin/sh
# How a broker takes a large backlog: publishes 10 000 000 persistent messages without a consumer,
# ends the broker, starts it again, consumes all, and checks that none is missing.
#   bench/backlog.sh [--messages N] [--signal TERM|KILL] [--rabbitmq] [--set KEY=VALUE] [--help]
# Needs about 3 GiB of disk and some minutes. What it prints is explained in bench/backlog.py.
# LEPUS_BUILD_ROOT is heeded as in tools/build.sh.
set -eu
cd "$(dirname "$0")/.."
build=${LEPUS_BUILD_ROOT:-build}/release
if [ ! -x "$build/lepus" ] || [ ! -x "$build/lepus-perf" ]; then
    tools/run.sh --build-only >&2
fi
exec python3 bench/backlog.py --build "$build" "$@"
