#!/bin/bash
# Makes everything the programs of tests/management need in a build directory outside the tree:
#
#   tests/management/setup.sh DIR
#
#   DIR/python         virtual environment        DIR/rabbitmqadmin   the Python tool, one file
#   DIR/go             compiled Go programs       DIR/rabbitmqadmin_v2/bin   the tool in Rust
#   DIR/java           jars and classes           DIR/prometheus/usr/bin     prometheus, promtool
#
# A part is left alone when the files it is made of have not changed since (their digest is kept in
# DIR/PART.stamp). Toolchains are taken from PATH; tests/e2e/setup.sh installs them. The two Debian
# packages are unpacked, not installed: that would start services.
set -euo pipefail

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# -ne 1 ]; then
  echo "usage: $0 DIR" >&2
  exit 2
fi
mkdir -p "$1"
build_dir=$(cd "$1" && pwd)

rabbitmqadmin_version=2.35.0

suite=management
source "$source_dir/../setup_parts.sh"

# unpack PACKAGE FOLDER: a Debian package, below FOLDER.
unpack() {
  local work
  work=$(mktemp -d)
  (
    cd "$work"
    # The package lists may be missing or old.
    if ! apt-get download "$1"; then
      as_root=""
      [ "$(id -u)" -eq 0 ] || as_root=sudo
      $as_root apt-get -o DPkg::Lock::Timeout=300 update
      apt-get download "$1"
    fi
    dpkg -x "$1"_*.deb "$2"
  )
  rm -rf "$work"
}

make_python() {
  rm -rf "$build_dir/python"
  python3 -m venv "$build_dir/python"
  # The version that the end-to-end programs use.
  "$build_dir/python/bin/pip" install -q --disable-pip-version-check --no-deps \
    "$(grep '^pika==' "$source_dir/../e2e/python/requirements.txt")"
}

make_go() {
  mkdir -p "$build_dir/go"
  (cd "$source_dir/go" && go build -p 1 -o "$build_dir/go/" ./rabbit-hole ./terraform)
}

make_java() {
  rm -rf "$build_dir/java"
  mkdir -p "$build_dir/java"
  mvn -q -B -f "$source_dir/java/pom.xml" \
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
    -DoutputDirectory="$build_dir/java/lib"
  javac -Xlint:all,-processing -Werror -cp "$build_dir/java/lib/*" -d "$build_dir/java" \
    "$source_dir"/java/*.java
}

# The management plugin carries it.
make_rabbitmqadmin() {
  rm -rf "$build_dir/rabbitmqadmin"
  mkdir -p "$build_dir/rabbitmqadmin"
  unpack rabbitmq-server "$build_dir/rabbitmqadmin/package"
  find "$build_dir/rabbitmqadmin/package" -path '*/priv/www/cli/rabbitmqadmin' \
    -exec cp {} "$build_dir/rabbitmqadmin/rabbitmqadmin" ';'
  [ -s "$build_dir/rabbitmqadmin/rabbitmqadmin" ]
  rm -rf "$build_dir/rabbitmqadmin/package"
}

# The system's TLS is left out: nothing here uses it, and the other one (rustls) comes in any case.
make_rabbitmqadmin_v2() {
  CARGO_PROFILE_DEV_DEBUG=0 CARGO_TARGET_DIR="$build_dir/rabbitmqadmin_v2/target" \
    cargo install --locked --debug \
    --no-default-features --root "$build_dir/rabbitmqadmin_v2" \
    "rabbitmqadmin@$rabbitmqadmin_version"
  rm -rf "$build_dir/rabbitmqadmin_v2/target"
}

make_prometheus() {
  rm -rf "$build_dir/prometheus"
  unpack prometheus "$build_dir/prometheus"
}

for command in python3 go javac mvn cargo apt-get dpkg; do
  command -v "$command" >/dev/null || {
    echo "management setup: $command is missing" >&2
    exit 1
  }
done

# Compilers in one lane, packages in the other.
(
  part rabbitmqadmin_v2 make_rabbitmqadmin_v2
) &
lane=$!
failed=0
part python make_python "$source_dir/../e2e/python/requirements.txt" || failed=1
part rabbitmqadmin make_rabbitmqadmin || failed=1
part prometheus make_prometheus || failed=1
part java make_java "$source_dir"/java/* || failed=1
part go make_go "$source_dir"/go/go.* "$source_dir"/go/*/*.go || failed=1
wait $lane || failed=1
exit $failed
