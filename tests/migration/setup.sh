#!/bin/sh
# Puts a RabbitMQ for tests/migration/run.py into a folder:  tests/migration/setup.sh DIR
# Unpacks Debian's package of it: installing that would start a server of the system. What it runs
# on, Erlang, is installed by tools/deps.sh --test. Nothing is done when it is there already, and
# nothing, with a line that says so, where there is no apt.
set -eu

[ $# -eq 1 ] || { echo "tests/migration/setup.sh: the folder is missing" >&2; exit 2; }
[ ! -x "$1/usr/lib/rabbitmq/bin/rabbitmq-server" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg >/dev/null 2>&1; then
    echo "tests/migration/setup.sh: no apt on this system; a rabbitmq-server in PATH would do"
    exit 0
fi
rm -rf "$1.new"
mkdir -p "$1.new"
cd "$1.new"
# The package lists may be missing or old.
if ! apt-get download rabbitmq-server; then
    as_root=""
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    $as_root apt-get -o DPkg::Lock::Timeout=300 update
    apt-get download rabbitmq-server
fi
dpkg -x rabbitmq-server_*.deb .
rm rabbitmq-server_*.deb
rm -rf "$1"
mv "$1.new" "$1"
