#!/bin/bash
# Makes the linters of tests/package/examples.py in a build directory outside the source tree:
#
#   tests/package/setup.sh DIR
#
#   DIR/python     virtual environment with hadolint and the schemas of Kubernetes
#   DIR/bin/helm   compiled from its modules, which takes minutes
#   DIR/bin/cmd    the reader of compose files that `docker compose config` has, too
#
# A part is left alone when the files it is made of have not changed since. Go is taken from PATH.
set -euo pipefail

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# -ne 1 ]; then
  echo "usage: $0 DIR" >&2
  exit 2
fi
mkdir -p "$1"
build_dir=$(cd "$1" && pwd)

helm_version=v3.22.0
compose_version=v2.9.1

suite=package
source "$source_dir/../setup_parts.sh"

make_python() {
  rm -rf "$build_dir/python"
  python3 -m venv "$build_dir/python"
  "$build_dir/python/bin/pip" install -q --disable-pip-version-check \
    -r "$source_dir/requirements.txt"
}

make_helm() {
  GOBIN="$build_dir/bin" go install "helm.sh/helm/v3/cmd/helm@$helm_version"
}

make_compose() {
  GOBIN="$build_dir/bin" go install "github.com/compose-spec/compose-go/v2/cmd@$compose_version"
}

command -v go >/dev/null || {
  echo "$0: go is missing; as root run: apt-get install golang" >&2
  exit 1
}
part python make_python "$source_dir/requirements.txt"
part compose make_compose
part helm make_helm
