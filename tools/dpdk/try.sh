#!/bin/sh
# Starts a built broker with the kernel bypass in a network namespace of its own, on one end of a
# veth; at the other end, in another namespace, clients of the kernel connect:
#   tools/dpdk/try.sh BUILD_DIR DATA_DIR [arguments of lepus...]
# Needs user namespaces, no privileges. Prints the command that runs a client there.
set -eu
build=$1
data=$2
here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${LEPUS_DPDK_TRY:-}" ]; then
    unshare -Urnm true 2>/dev/null || {
        echo "tools/dpdk/try.sh: user namespaces are forbidden here: as root run" \
            "sysctl kernel.unprivileged_userns_clone=1" >&2
        exit 1
    }
    LEPUS_DPDK_TRY=1 exec unshare -Urnm "$0" "$@"
fi
shift 2
ip link set lo up
setpriv --pdeathsig KILL unshare -n sleep infinity > /dev/null 2>&1 &
clients=$!
own=$(readlink /proc/self/ns/net)
while [ "$(readlink "/proc/$clients/ns/net")" = "$own" ]; do sleep 0.1; done
inside="nsenter -t $clients -n"
ip link add lepus0 type veth peer name client0
ip link set client0 netns "$clients"
ip link set lepus0 address 02:00:00:00:00:01 up
"$here/no_offload.py" lepus0
# shellcheck disable=SC2086  # a command
{
    $inside "$here/no_offload.py" client0
    $inside ip link set lo up
    $inside ip link set client0 up
    $inside ip addr add 10.77.0.2/24 dev client0
    $inside ip -6 addr add fd77::2/64 dev client0 nodad
}
into="nsenter --preserve-credentials -U -n -t $clients"
uri=amqp://guest:guest@10.77.0.1:5672/%2F
cat >&2 <<EOF
The broker listens on 10.77.0.1 and fd77::1, port 5672. A client, from another terminal:
  $into $build/lepus-perf --uri $uri --duration 5
  $into ping -c 3 10.77.0.1
What the bypass counts:
  LEPUS_SOCKET=$data/lepus.sock $build/lepusctl bypass_status
EOF
exec "$build/lepus" --set "data_dir=$data" --set listeners.tcp=none --set shards=1 \
    --set loopback_users=none --set management.tcp.port=none --set prometheus.tcp.port=none \
    --set net.dpdk.enabled=true --set net.dpdk.hugepages=false \
    --set net.dpdk.addresses=10.77.0.1/24,fd77::1/64 \
    --set "net.dpdk.eal_arguments=--no-pci --vdev=net_af_packet0,iface=lepus0,framecnt=2048" "$@"
