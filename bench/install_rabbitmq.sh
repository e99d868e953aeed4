#!/bin/sh
# Installs Debian's rabbitmq-server for the benchmarks that compare with it, if it is missing.
set -eu
[ ! -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || exit 0
as_root=""
[ "$(id -u)" -eq 0 ] || as_root=sudo
echo "bench/install_rabbitmq.sh: installing rabbitmq-server" >&2
# The package must not start a broker of its own: it would take part in the measurement.
$as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y \
    --no-install-recommends -o DPkg::Lock::Timeout=300 rabbitmq-server >&2
