#!/bin/sh
# Installs the Debian packages Lepus is built from:  tools/deps.sh [--test | --dpdk]
# With --test also what only the tests need, with --dpdk what the kernel bypass needs. Nothing is
# done, and fast, when all is there already.
# docs/DEPENDENCIES.md says what each is for.
set -eu

packages="
    g++ meson mold ninja-build pkg-config python3
    liburing-dev libfmt-dev libboost1.81-dev libhwloc-dev libcli11-dev libmimalloc-dev
    libsqlite3-dev libisal-dev libssl-dev libsimdjson-dev nlohmann-json3-dev
    libre2-dev libcurl4-openssl-dev zlib1g-dev
    libgtest-dev libbenchmark-dev
"
if [ "${1:-}" = "--test" ]; then
    packages="$packages clang-14 libclang-rt-14-dev llvm-14 librabbitmq-dev amqp-specs openssl"
    # What tests/migration runs RabbitMQ on.
    packages="$packages erlang-base erlang-crypto erlang-eldap erlang-inets erlang-mnesia
        erlang-os-mon erlang-parsetools erlang-public-key erlang-runtime-tools erlang-ssl
        erlang-syntax-tools erlang-tools erlang-xmerl"
    # command:package, wanted only when the command is not there (however it was installed)
    for pair in git:git node:nodejs npm:npm go:golang java:default-jdk mvn:maven cargo:cargo \
        chromium:chromium; do
        command -v "${pair%%:*}" >/dev/null 2>&1 || packages="$packages ${pair#*:}"
    done
    python3 -c 'import venv, ensurepip' 2>/dev/null || packages="$packages python3-venv"
elif [ "${1:-}" = "--dpdk" ]; then
    packages="$packages gcc dpkg-dev dpdk libdpdk-dev iproute2"
elif [ $# -gt 0 ]; then
    echo "tools/deps.sh: unknown argument '$1'; there are --test and --dpdk" >&2
    exit 2
fi

if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
    echo "tools/deps.sh: no apt on this system; install the equivalents of these by hand:" >&2
    # shellcheck disable=SC2086  # the packages are a list
    echo " " $packages >&2
    echo "(meson stops with the name of what is missing)" >&2
    exit 0
fi

missing=""
for package in $packages; do
    status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
    [ "$status" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "tools/deps.sh: not root and no sudo; as root run: apt-get install$missing" >&2
        exit 1
    fi
    as_root=sudo
fi
echo "tools/deps.sh: installing$missing"
install="$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends
    -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3"
# shellcheck disable=SC2086  # both are lists
if ! $install $missing; then
    # The package lists may be missing or old.
    $as_root apt-get -o DPkg::Lock::Timeout=300 update
    $install $missing
fi
