#!/bin/sh
# Installs the packages in a fresh Debian 12, starts the broker as the unit does, upgrades it with a
# backlog, removes and purges it:
#   tools/package.sh [--programs build/release] && tests/package/install.sh [PACKAGES [ROOT]]
# As root; by hand, as it fetches a Debian. Nothing in the chroot is systemd: the broker is started
# by its command line from the unit. The last line is `N passed, N failed`.
set -eu
cd "$(dirname "$0")/../.."
packages=${1:-$PWD/build/packages}
root=${2:-}
passed=0
broker=
port=5690

fail() { echo "FAIL $1" >&2; echo "$passed passed, 1 failed"; exit 1; }
pass() { passed=$((passed + 1)); echo "pass $1"; }
inside() { chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"; }

if [ -z "$root" ]; then
    root=$(mktemp -d)/debian
    mmdebstrap --variant=minbase bookworm "$root" > /dev/null 2>&1 || fail "mmdebstrap"
fi
mountpoint -q "$root/proc" || mount --bind /proc "$root/proc"
mountpoint -q "$root/sys" || mount --rbind --make-rslave /sys "$root/sys"
mountpoint -q "$root/dev" || mount --rbind --make-rslave /dev "$root/dev"
end() {
    [ -z "$broker" ] || kill "$broker" 2>/dev/null || true
    umount "$root/proc"; umount -l "$root/sys"; umount -l "$root/dev"
}
trap end EXIT

mkdir -p "$root/packages"
rm -f "$root"/packages/*.deb
for package in lepus lepusctl lepus-perf; do
    cp "$packages/$package"_*.deb "$root/packages/$package.deb"
done

as_broker() {
    chroot --userspec=lepus:lepus "$root" env HOME=/var/lib/lepus LC_ALL=C.UTF-8 "$@"
}
# In the background it is the broker itself that has the number of the job.
exec_as_broker() {
    exec chroot --userspec=lepus:lepus "$root" env HOME=/var/lib/lepus LC_ALL=C.UTF-8 "$@"
}
start() {
    rm -f "$root/tmp/out"
    command=$(sed -n 's/^ExecStart=//p' "$root/lib/systemd/system/lepus.service")
    # shellcheck disable=SC2086  # the command is a list
    exec_as_broker $command --set "listeners.tcp.default=127.0.0.1:$port" \
        --set management.tcp.port=none --set prometheus.tcp.port=none > "$root/tmp/out" \
        2> "$root/tmp/log" &
    broker=$!
    for _ in $(seq 300); do
        grep -qs "lepus ready" "$root/tmp/out" && return 0
        kill -0 "$broker" 2>/dev/null || { cat "$root/tmp/log" >&2; return 1; }
        sleep 0.1
    done
    return 1
}
stop() {
    kill -TERM "$broker"
    wait "$broker"
}

inside apt-get update -qq
inside apt-get install -y --no-install-recommends systemd-standalone-sysusers \
    /packages/lepus.deb /packages/lepusctl.deb /packages/lepus-perf.deb \
    > "$root/tmp/install.log" 2>&1 || { tail -20 "$root/tmp/install.log" >&2; fail install; }
inside id lepus > /dev/null || fail "the user lepus"
[ -f "$root/lib/systemd/system/lepus.service" ] || fail "the unit"
[ -f "$root/usr/share/man/man8/lepusctl.8.gz" ] || [ -f "$root/etc/dpkg/dpkg.cfg.d/docker" ] ||
    fail "manual"
pass install

# What StateDirectory= and the like do.
for directory in lib log; do
    install -d -o "$(inside id -u lepus)" -g "$(inside id -g lepus)" -m 0750 \
        "$root/var/$directory/lepus"
done
inside lepus --config /etc/lepus/lepus.conf --check-config \
    --set "listeners.tcp.default=127.0.0.1:$port" > /dev/null || fail check-config
start || fail start
inside lepusctl -q status > /dev/null || fail "lepusctl as root"
as_broker lepusctl -q ping > /dev/null || fail "lepusctl as the broker's user"
chroot --userspec=nobody:nogroup "$root" lepusctl -q status > /dev/null 2>&1 &&
    fail "lepusctl as anybody"
pass "start, and who may ask"

uri="amqp://guest:guest@127.0.0.1:$port/%2F"
inside lepus-perf --uri "$uri" --consumers 0 --confirm 100 --messages 20000 --persistent --keep \
    --quiet > /dev/null || fail backlog
stop || fail "clean stop"

# An upgrade: the same programs under a newer number.
upgrade="$root/tmp/upgrade"
rm -rf "$upgrade"
mkdir -p "$upgrade"
for package in lepus lepusctl lepus-perf; do
    dpkg-deb -R "$root/packages/$package.deb" "$upgrade/$package"
    sed -i 's/^Version: \(.*\)/Version: \1+next/; s/lepusctl (= \([^)]*\))/lepusctl (= \1+next)/' \
        "$upgrade/$package/DEBIAN/control"
    dpkg-deb -b "$upgrade/$package" "$root/packages/$package-next.deb" > /dev/null
done
echo '# mine' >> "$root/etc/lepus/lepus.conf"
start || fail "start before the upgrade"
inside dpkg -i /packages/lepusctl-next.deb /packages/lepus-next.deb /packages/lepus-perf-next.deb \
    > "$root/tmp/upgrade.log" 2>&1 < /dev/null ||
    { cat "$root/tmp/upgrade.log" >&2; fail "upgrade while it runs"; }
grep -q '^# mine' "$root/etc/lepus/lepus.conf" || fail "the configuration is kept"
inside lepusctl -q ping > /dev/null || fail "the broker that runs is not disturbed"
stop || fail "stop after the upgrade"
start || fail "start after the upgrade"
count=$(inside lepusctl -q list_queues --no-table-headers messages |
    awk '{sum += $1} END {print sum}')
[ "$count" = 20000 ] || fail "backlog after the upgrade: $count messages"
pass "upgrade with a backlog of $count"

stop || fail "stop"
inside apt-get remove -y lepus lepusctl lepus-perf > /dev/null 2>&1 || fail remove
[ ! -e "$root/usr/bin/lepus" ] || fail "removed"
[ -d "$root/var/lib/lepus/journal" ] || fail "messages stay after remove"
inside apt-get purge -y lepus > "$root/tmp/purge.log" 2>&1 || fail purge
[ ! -e "$root/etc/lepus/lepus.conf" ] || fail "the configuration goes with purge"
[ -d "$root/var/lib/lepus/journal" ] || fail "messages stay after purge"
grep -q 'are left as they are' "$root/tmp/purge.log" || fail "and that is said"
broker=
pass "remove and purge"
echo "$passed passed, 0 failed"
