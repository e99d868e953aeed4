#!/bin/sh
# Runs the test suites, all or the named ones:  tools/test.sh [--quick] [suite...]
# The last line is `N passed, N failed`; docs/TESTING.md says what the suites are.
set -eu
cd "$(dirname "$0")/.."
tools/deps.sh --test
exec python3 tests/run_suites.py "$@"
