#!/bin/sh
# Measures Lepus and Debian's RabbitMQ one after the other on this machine and prints a table:
#   bench/compare.sh [--quick] [--lepus | --rabbitmq] [--only TEXT] [--json FILE] [--dir DIR]
#     [--update-results]
# What is measured, and how the brokers are started, is in bench/compare.py. Builds the release and
# installs rabbitmq-server where they are missing. LEPUS_BUILD_ROOT is heeded as in tools/build.sh.
set -eu
cd "$(dirname "$0")/.."
build=${LEPUS_BUILD_ROOT:-build}/release
if [ ! -x "$build/lepus" ] || [ ! -x "$build/lepus-perf" ]; then
    tools/run.sh --build-only >&2
fi

rabbitmq=/usr/lib/rabbitmq/bin/rabbitmq-server
case " $* " in *" --lepus "*|*" --help "*|*" -h "*) rabbitmq=/bin/sh ;; esac
if [ ! -x "$rabbitmq" ]; then
    as_root=""
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    echo "bench/compare.sh: installing rabbitmq-server" >&2
    # The package must not start a broker of its own: it would take part in the measurement.
    $as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y \
        --no-install-recommends -o DPkg::Lock::Timeout=300 rabbitmq-server >&2
fi
exec python3 bench/compare.py --build "$build" "$@"
