#!/bin/sh
# Adds the kernel bypass to a build directory, and builds targets there:
#   tools/dpdk/build.sh PRESET [ninja arguments...]
# Everything else in the directory stays as it is. When the bypass cannot be configured (no package,
# no sources of lwIP), the directory is what it was before.
set -eu
cd "$(dirname "$0")/../.."
preset=${1:?usage: tools/dpdk/build.sh PRESET [ninja arguments...]}
shift
tools/deps.sh --dpdk
dir=${LEPUS_BUILD_ROOT:-build}/$preset
[ -f "$dir/build.ninja" ] || tools/build.sh "$preset" build.ninja
# Both languages with one compiler: sanitizers of two do not mix.
if [ "$preset" = asan ]; then
    cc=clang-14
    if command -v ccache >/dev/null 2>&1; then cc="ccache $cc"; fi
    export CC="${CC:-$cc}"
fi
if ! meson introspect "$dir" --buildoptions | python3 -c '
import json, sys
wanted = [one for one in json.load(sys.stdin) if one["name"] == "dpdk"]
sys.exit(0 if wanted and wanted[0]["value"] == "enabled" else 1)'; then
    # Configured here: what is only set would fail later, in a build of something else.
    meson setup --reconfigure -Ddpdk=enabled "$dir" . || {
        meson setup --reconfigure -Ddpdk=disabled "$dir" . > /dev/null
        exit 1
    }
fi
exec tools/build.sh "$preset" "$@"
