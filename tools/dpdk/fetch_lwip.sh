#!/bin/sh
# Unpacks the sources of lwIP that the option dpdk is built with, Debian's package, below a build
# directory, and prints where:
#   tools/dpdk/fetch_lwip.sh BUILD_DIR
# Nothing is done when they are there. The lists of source packages are kept beside them: those of
# the system are not touched. LEPUS_LWIP names a directory to take instead.
set -eu
if [ $# -ne 1 ]; then
    echo "usage: tools/dpdk/fetch_lwip.sh BUILD_DIR" >&2
    exit 2
fi
if [ -n "${LEPUS_LWIP:-}" ]; then
    echo "$LEPUS_LWIP"
    exit 0
fi
mkdir -p "$1/lwip-source"
cd "$1/lwip-source"
here=$(pwd)
find_sources() {
    for one in "$here"/lwip-2.*; do
        [ -f "$one/src/core/tcp.c" ] && echo "$one" && return 0
    done
    return 1
}
find_sources && exit 0

command -v apt-get >/dev/null 2>&1 && command -v dpkg-source >/dev/null 2>&1 || {
    echo "tools/dpdk/fetch_lwip.sh: needs apt-get and dpkg-source (package dpkg-dev); or unpack" \
        "lwIP 2.1.3 and name its directory: LEPUS_LWIP=DIR" >&2
    exit 1
}
# The suites of the system, as sources.
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-get indextargets --format '$(SITE)|$(RELEASE)|$(CREATED_BY)' 2>/dev/null |
    sed -n "s#^\([^|]*\)|$release|Packages\$#\1#p" | head -n 1)
mkdir -p lists/partial cache
cat > lepus.sources <<EOF
Types: deb-src
URIs: ${mirror:-http://deb.debian.org/debian}
Suites: $release
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
EOF
private="-o Dir::Etc::sourcelist=$here/lepus.sources -o Dir::Etc::sourceparts=/dev/null
    -o Dir::State::lists=$here/lists -o Dir::Cache=$here/cache -o Acquire::Retries=3
    -o APT::Sandbox::User=root"
{
    # shellcheck disable=SC2086  # a list
    apt-get -q $private update && apt-get -q $private source lwip
} > fetch.log 2>&1 || {
    echo "tools/dpdk/fetch_lwip.sh: cannot fetch the source package lwip:" >&2
    tail -n 5 fetch.log >&2
    exit 1
}
find_sources || {
    echo "tools/dpdk/fetch_lwip.sh: no sources of lwIP 2 in $here" >&2
    exit 1
}
