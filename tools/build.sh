#!/bin/sh
# Builds one preset into build/<preset>:
#   tools/build.sh [release|debug|asan|tsan] [ninja arguments...]
# The build directory can be moved with LEPUS_BUILD_ROOT. CXXFLAGS and LDFLAGS are added when it is
# made. New and removed files are noticed, and the build is configured again for them.
set -eu
cd "$(dirname "$0")/.."
preset=${1:-release}
[ $# -eq 0 ] || shift
compiler=${CXX:-g++}
threads=
# Line numbers are all a report needs; full debug information would double the time to build.
flags=-g1
case "$preset" in
    release) options="-Dbuildtype=plain -Doptimization=2" ;;
    debug)   options="-Dbuildtype=debug -Dmimalloc=disabled"
             flags= ;;
    # With clang, so that the fuzzers are built of the same objects.
    asan)    options="-Dbuildtype=plain -Doptimization=1"
             options="$options -Db_sanitize=address,undefined"
             options="$options -Db_lundef=false -Dfuzz=true"
             compiler=${CXX:-clang++-14} ;;
    # Tests of what threads share. All else is used by one thread at a time: a started broker shows
    # whether that is so (suite wire-tsan).
    tsan)    options="-Dbuildtype=plain -Doptimization=1 -Db_sanitize=thread"
             for name in admin control log mesh resource_alarms slow_reading store_writer \
                 topology_replication; do
                 threads=$threads,tools/server/$name
             done
             options="$options -Dunit_areas=io$threads" ;;
    *) echo "tools/build.sh: unknown preset '$preset'; use release|debug|asan|tsan" >&2
       exit 2 ;;
esac
# Twelve sources of a folder are compiled as one: most of the time goes into the headers they share.
options="$options -Dunity=on -Dunity_size=12"
dir=${LEPUS_BUILD_ROOT:-build}/$preset
mkdir -p "$dir"
if command -v ccache >/dev/null 2>&1; then
    compiler="ccache $compiler"
    # An object is the same in every clone: the directory is only where its sources are looked up.
    export CCACHE_NOHASHDIR=1
fi

# What the configuration depends on beyond the meson files: which sources exist.
sources=$(find core io persist net tools tests bench -type f \
    \( -name '*.cpp' -o -name meson.build -o -path 'tools/web/*' \) 2>/dev/null | sort)
if [ ! -f "$dir/build.ninja" ]; then
    # mold links a program in a tenth of the time, where it is installed.
    if command -v mold >/dev/null 2>&1; then
        export CXX_LD="${CXX_LD:-mold}"
    fi
    # shellcheck disable=SC2086  # the options are a list
    CXX="$compiler" meson setup $options "-Dcpp_args=$flags${CXXFLAGS:+ $CXXFLAGS}" "$dir" .
    echo "$sources" > "$dir/sources.list"
elif [ "$(cat "$dir/sources.list" 2>/dev/null)" != "$sources" ]; then
    meson setup --reconfigure "$dir" .
    echo "$sources" > "$dir/sources.list"
fi
exec ninja -C "$dir" "$@"
