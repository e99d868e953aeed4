#!/bin/sh
# Measures Lepus and Debian's RabbitMQ one after the other on this machine and prints a table:
#   bench/compare.sh [--quick] [--lepus | --rabbitmq] [--only TEXT] [--scenarios] [--json FILE]
#     [--dir DIR] [--update-results]
# What is measured, and how the brokers are started, is in bench/compare.py. Builds the release and
# installs rabbitmq-server where they are missing. LEPUS_BUILD_ROOT is heeded as in tools/build.sh.
set -eu
cd "$(dirname "$0")/.."
build=${LEPUS_BUILD_ROOT:-build}/release
if [ ! -x "$build/lepus" ] || [ ! -x "$build/lepus-perf" ]; then
    tools/run.sh --build-only >&2
fi

case " $* " in
    *" --lepus "*|*" --help "*|*" -h "*) ;;
    *) bench/install_rabbitmq.sh ;;
esac
exec python3 bench/compare.py --build "$build" "$@"
