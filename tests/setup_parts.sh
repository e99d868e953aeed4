# shellcheck shell=bash
# The parts of what a suite's setup.sh makes. To be sourced, with these set: `suite`, its name;
# `source_dir`, its folder; `build_dir`, where the parts go.

# part NAME FUNCTION FILE...: runs FUNCTION unless NAME was made of just these files before; their
# digest is kept in build_dir/NAME.stamp. What FUNCTION prints goes to build_dir/NAME.log.
part() {
  local name=$1 function=$2 digest
  shift 2
  # shellcheck disable=SC2154  # set by who sources this
  digest=$(cat "$source_dir/setup.sh" "$@" | sha256sum)
  # shellcheck disable=SC2154
  if [ "$(cat "$build_dir/$name.stamp" 2>/dev/null)" = "$digest" ]; then
    return
  fi
  rm -f "$build_dir/$name.stamp"
  # shellcheck disable=SC2154
  echo "$suite setup: $name"
  if ! (set -e; "$function") >"$build_dir/$name.log" 2>&1; then
    echo "$suite setup: $name failed, end of $build_dir/$name.log:" >&2
    tail -n 15 "$build_dir/$name.log" >&2
    return 1
  fi
  echo "$digest" >"$build_dir/$name.stamp"
}
