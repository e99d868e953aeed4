#!/bin/bash
# Makes everything the end-to-end programs need in a build directory outside the source tree:
#
#   tests/e2e/setup.sh DIR
#
#   DIR/python  virtual environment        DIR/go           compiled Go programs
#   DIR/node    node_modules               DIR/rust/debug   compiled Rust programs
#   DIR/java    jars and classes           DIR/c            compiled C programs
#
# A part is left alone when the files it is made of have not changed since (their digest is kept in
# DIR/PART.stamp), so that a second run takes no time. Toolchains are taken from PATH; those missing
# are installed as Debian packages, which needs root. Versions of packages are pinned in the tree.
set -euo pipefail

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# -ne 1 ]; then
  echo "usage: $0 DIR" >&2
  exit 2
fi
mkdir -p "$1"
build_dir=$(cd "$1" && pwd)

# install_missing COMMAND PACKAGE...: Debian packages for a command that is not there.
install_missing() {
  local command=$1
  shift
  command -v "$command" >/dev/null && return
  echo "e2e setup: $command is missing, installing $*"
  if [ "$(id -u)" -ne 0 ]; then
    echo "e2e setup: installing needs root; install $* and start again" >&2
    exit 1
  fi
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$@" >"$build_dir/apt.log" 2>&1 || {
    echo "e2e setup: apt-get install $* failed, see $build_dir/apt.log" >&2
    exit 1
  }
}

# need_version COMMAND HAVE WANTED: stops when a toolchain is older than its packages need.
need_version() {
  if [ "$(printf '%s\n%s\n' "$2" "$3" | sort -V | head -n 1)" != "$3" ]; then
    echo "e2e setup: $1 $3 or newer is needed, this one is $2; put a newer one first in PATH" >&2
    exit 1
  fi
}

suite=e2e
source "$source_dir/../setup_parts.sh"

make_python() {
  rm -rf "$build_dir/python"
  python3 -m venv "$build_dir/python"
  "$build_dir/python/bin/pip" install -q --disable-pip-version-check --no-deps \
    -r "$source_dir/python/requirements.txt"
  "$build_dir/python/bin/pip" check
}

make_node() {
  mkdir -p "$build_dir/node"
  cp "$source_dir/node/package.json" "$build_dir/node/"
  (cd "$build_dir/node" && npm install --no-audit --no-fund --no-package-lock)
}

make_go() {
  mkdir -p "$build_dir/go"
  (cd "$source_dir/go" && go build -o "$build_dir/go/e2e" .)
  (cd "$source_dir/go" && go build -o "$build_dir/go/tls" ./tls)
}

make_java() {
  rm -rf "$build_dir/java"
  mkdir -p "$build_dir/java"
  mvn -q -B -f "$source_dir/java/pom.xml" \
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
    -DoutputDirectory="$build_dir/java/lib"
  javac -Xlint:all -Werror -cp "$build_dir/java/lib/*" -d "$build_dir/java" \
    "$source_dir"/java/*.java
}

make_rust() {
  mkdir -p "$build_dir/rust/src"
  cp "$source_dir/rust/Cargo.toml" "$build_dir/rust/"
  cp "$source_dir"/rust/src/*.rs "$build_dir/rust/src/"
  (cd "$build_dir/rust" && cargo build --target-dir "$build_dir/rust")
}

make_c() {
  local flags=(-std=gnu11 -g -Wall -Wextra -Wshadow -Werror)
  mkdir -p "$build_dir/c"
  gcc "${flags[@]}" -o "$build_dir/c/e2e" "$source_dir/c/rabbitmq_c_client.c" -lrabbitmq
  gcc "${flags[@]}" -o "$build_dir/c/tls" "$source_dir/c/rabbitmq_c_tls.c" -lrabbitmq
}

install_missing python3 python3 python3-venv
install_missing node nodejs npm
install_missing go golang-go
install_missing javac default-jdk-headless
install_missing mvn maven
install_missing cargo cargo
install_missing gcc gcc libc6-dev
install_missing openssl openssl
if [ ! -e /usr/include/amqp.h ]; then
  install_missing /usr/include/amqp.h librabbitmq-dev
fi
need_version go "$(go env GOVERSION | sed 's/^go//')" 1.22
need_version cargo "$(cargo --version | cut -d ' ' -f 2)" 1.88.0
need_version node "$(node --version | sed 's/^v//')" 18

# Compilers in one lane, packages in the other.
(
  part go make_go "$source_dir"/go/*.* "$source_dir"/go/tls/*
  part rust make_rust "$source_dir"/rust/Cargo.toml "$source_dir"/rust/src/*.rs
) &
lane=$!
failed=0
part python make_python "$source_dir/python/requirements.txt" || failed=1
part node make_node "$source_dir/node/package.json" || failed=1
part java make_java "$source_dir"/java/* || failed=1
part c make_c "$source_dir"/c/*.c || failed=1
wait $lane || failed=1
exit $failed
