#!/bin/sh
# What one client's load does to others, on Lepus, on Debian's rabbitmq-server and on a relay that
# keeps nothing (bench/relay.cpp), one after the other on this machine:
#   bench/bounds.sh [--quick] [--only TEXT] [--update-results] [--json FILE]
# What is measured is explained in bench/bounds.py. LEPUS_BUILD_ROOT is heeded as in tools/build.sh.
set -eu
cd "$(dirname "$0")/.."
build=${LEPUS_BUILD_ROOT:-build}/release
if [ ! -x "$build/lepus" ] || [ ! -x "$build/bench-relay" ]; then
    tools/deps.sh >&2
    tools/build.sh release lepus lepusctl lepus-perf bench-relay >&2
fi
if [ ! -x /usr/lib/rabbitmq/bin/rabbitmq-server ]; then
    as_root=""
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    echo "bench/bounds.sh: installing rabbitmq-server" >&2
    # The package must not start a broker of its own: it would take part in the measurement.
    $as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y \
        --no-install-recommends -o DPkg::Lock::Timeout=300 rabbitmq-server >&2
fi
exec python3 bench/bounds.py --build "$build" "$@"
