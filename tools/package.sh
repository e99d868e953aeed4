#!/bin/sh
# Makes Debian packages and a tarball of this version:
#   tools/package.sh [--programs DIR] [--dpdk] [--out DIR]
# lepus, lepusctl, lepus-perf and their -dbgsym as .deb, and lepus-VERSION-linux-ARCH.tar.gz for
# other distributions, into build/packages. --programs packs what was built before (build/release);
# without it the programs are built into build/package/release as packages want them: hardened, and
# with no directory of this machine in them, so that the same source makes the same bytes. --dpdk
# adds lepus-dpdk, the modules of the kernel bypass.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
programs=
dpdk=
out=$root/build/packages
while [ $# -gt 0 ]; do
    case "$1" in
        --programs) programs=$(cd "$2" && pwd); shift 2 ;;
        --out)      mkdir -p "$2"; out=$(cd "$2" && pwd); shift 2 ;;
        --dpdk)     dpdk=yes; shift ;;
        *) echo "tools/package.sh: unknown argument '$1'; there are --programs DIR, --dpdk and" \
               "--out DIR" >&2; exit 2 ;;
    esac
done
for tool in dh dpkg-buildpackage patchelf; do
    command -v $tool >/dev/null 2>&1 || {
        echo "tools/package.sh: $tool is missing; as root run:" \
            "apt-get install debhelper dpkg-dev patchelf" >&2; exit 1; }
done
version=$(sed -n "s/^ *version: '\(.*\)',/\1/p" meson.build)
# The date of all files and of the changelog: that of the last commit.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH TZ=UTC LC_ALL=C.UTF-8

if [ -z "$programs" ]; then
    programs=$root/build/package/release
    export LEPUS_BUILD_ROOT=build/package
    CXXFLAGS="-ffile-prefix-map=$root=. -fstack-protector-strong -Wp,-D_FORTIFY_SOURCE=2" \
    LDFLAGS="-Wl,-z,relro,-z,now -Wl,--build-id=sha1" CCACHE_DISABLE=1 \
        tools/build.sh release build.ninja
    [ -z "$dpdk" ] || meson configure "$programs" -Ddpdk=enabled
    CCACHE_DISABLE=1 tools/build.sh release lepus lepusctl lepus-journal lepus-perf \
        ${dpdk:+net/dpdk/lepus-dpdk.so net/dpdk/lepus-lwip.so}
    # What the flags are for. A directory in a program is one in its debugging information.
    for name in lepus lepusctl lepus-journal lepus-perf; do
        if grep -qaF "$root" "$programs/$name"; then
            echo "tools/package.sh: $programs/$name has the directory $root in it" >&2; exit 1
        elif ! grep -qa __stack_chk_fail "$programs/$name"; then
            echo "tools/package.sh: $programs/$name is not hardened" >&2; exit 1
        fi
    done
fi

# ---- what debian/rules packs
stage=$root/build/package/stage
rm -rf "$stage"
mkdir -p "$stage/programs" "$stage/pages" "$out"
cp -r packaging/debian packaging/etc docs "$stage/"
# CHANGELOG.md would become the package's own changelog.
mv "$stage/docs/CHANGELOG.md" "$stage/docs/NEWS.md"
find "$stage/docs" -name '*.md' -exec sed -i 's/CHANGELOG\.md)/NEWS.md)/g' {} +
cp packaging/systemd/lepus.service "$stage/debian/lepus.service"
cp packaging/man_pages.py "$stage/pages/"
for name in lepus lepusctl lepus-journal lepus-perf; do
    cp "$programs/$name" "$stage/programs/"
done
if [ -n "$dpdk" ]; then
    cp "$programs/net/dpdk/lepus-dpdk.so" "$programs/net/dpdk/lepus-lwip.so" "$stage/programs/"
else
    # The last stanza of control is lepus-dpdk's.
    sed -i '/^Package: lepus-dpdk$/,$d' "$stage/debian/control"
    rm "$stage/debian/lepus-dpdk.install"
fi
# Completions where this lepusctl writes them.
for shell in bash zsh fish; do
    "$programs/lepusctl" autocomplete $shell > "$stage/pages/lepusctl.$shell" 2>/dev/null ||
        rm -f "$stage/pages/lepusctl.$shell"
done
[ ! -f "$stage/pages/lepusctl.bash" ] ||
    echo "pages/lepusctl.bash lepusctl" > "$stage/debian/lepusctl.bash-completion"
"$programs/lepus-perf" completion bash > "$stage/pages/lepus-perf.bash"
echo "pages/lepus-perf.bash lepus-perf" > "$stage/debian/lepus-perf.bash-completion"
cat > "$stage/debian/changelog" <<END
lepus ($version) unstable; urgency=medium

  * See /usr/share/doc/lepus/NEWS.md for what changed.

 -- The Lepus authors <maintainers@lepus.invalid>  $(date -uRd "@$SOURCE_DATE_EPOCH")
END
find "$stage" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
(cd "$stage" && dpkg-buildpackage -b -us -uc -d > ../package.log 2>&1) || {
    cat build/package/package.log >&2; exit 1; }
rm -f "$out"/lepus*.deb
mv build/package/*.deb "$out/"
rm -f build/package/*.buildinfo build/package/*.changes

# ---- the tarball: with the libraries that distributions have in versions of their own
architecture=$(dpkg --print-architecture)
name=lepus-$version-linux-$architecture
tree=$root/build/package/$name
rm -rf "$tree"
mkdir -p "$tree/bin" "$tree/lib/lepus" "$tree/share/doc/lepus" "$tree/etc/lepus" \
    "$tree/lib/systemd/system"
for program in lepus lepusctl lepus-journal lepus-perf; do
    strip -o "$tree/bin/$program" "$programs/$program"
    # Not the C library, which belongs to the system and its kernel.
    ldd "$programs/$program" | sed -n 's/^[[:space:]]*\([^ ]*\) => \(\/[^ ]*\) .*/\1 \2/p' |
        while read -r library path; do
            case "$library" in
                libc.so.*|libm.so.*|libpthread.so.*|libdl.so.*|librt.so.*|libresolv.so.*) ;;
                *) cp -L "$path" "$tree/lib/lepus/$library" ;;
            esac
        done
    patchelf --set-rpath '$ORIGIN/../lib/lepus' "$tree/bin/$program"
done
for library in "$tree"/lib/lepus/*; do
    chmod 644 "$library"
    patchelf --set-rpath '$ORIGIN' "$library"
done
cp -r "$stage/man" "$tree/share/man-pages"
cp -r docs/* LICENSE "$tree/share/doc/lepus/"
cp packaging/etc/lepus.conf "$tree/etc/lepus/"
cp packaging/systemd/lepus.service "$tree/lib/systemd/system/"
tar -C build/package --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
    --mode=u+rwX,go+rX,go-w -cf - "$name" | gzip -9n > "$out/$name.tar.gz"
rm -rf "$tree"
(cd "$out" && ls -l ./*.deb ./*.tar.gz | awk '{print $5, $NF}')
