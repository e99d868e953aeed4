#!/usr/bin/env python3
"""Checks the shape of the whole tree: the rules that need no reviewer.

    tests/tidy/tidy.py [--root DIR] [PATH...]

Prints each violation as `file:line: rule: what: what to do instead` and ends with
`tidy: N passed, N failed`, counted in files. With PATHs (files or folders) only those are reported.

`ratchet.json` holds what is allowed for a time and may only get better: `check_density_min` is the
least number of CHECKs a function for each of core, io and persist (the aim is 1.5), `class_max` the
functions and fields of classes above the limits, `tolerated` lists violations as "path: rule:
what". A class that became smaller and a tolerated entry that no longer occurs are themselves
violations, so the lists shrink by themselves.
"""
import argparse
import json
import os
import sys

import rules_class
import rules_cpp
import rules_include
import rules_log
import rules_text
import rules_words
import tree
from tree import Violation

DENSITY_AIM = 1.5
RATCHET = "tests/tidy/ratchet.json"


def load_ratchet(root):
    try:
        with open(os.path.join(root, RATCHET), encoding="utf-8") as stream:
            return json.load(stream)
    except FileNotFoundError:
        return {"check_density_min": {}, "class_max": {}, "tolerated": []}


def find_violations(files, class_max):
    violations = []
    for file in files:
        violations += rules_text.check(file)
    cpp_files = [file for file in files if file.is_cpp]
    for file in cpp_files:
        violations += rules_cpp.check(file)
    violations += rules_include.check(cpp_files)
    violations += rules_class.check(cpp_files, class_max)
    violations += rules_words.check(files)
    violations += rules_log.check(files)
    return violations


def apply_ratchet(violations, tolerated):
    """What is left of `violations`, plus one for each tolerated entry that is no longer needed."""
    def key(violation):
        return f"{violation.path}: {violation.rule}: {violation.what}"
    present = {key(violation) for violation in violations}
    left = [violation for violation in violations if key(violation) not in tolerated]
    left += [Violation(RATCHET, 1, "ratchet", f"tolerated but gone: {entry}", "delete the entry")
             for entry in tolerated if entry not in present]
    return left


def density_violations(density, floors):
    for folder, (checks, functions) in sorted(density.items()):
        value = checks / functions if functions else DENSITY_AIM
        floor = floors.get(folder, 0)
        print(f"tidy: {folder}: {checks} CHECKs in {functions} functions = {value:.2f} a function "
              f"(floor {floor:.2f}, aim {DENSITY_AIM})")
        if value < floor:
            yield Violation(folder, 1, "check-density", f"{value:.2f} CHECKs a function",
                            f"assert what must hold at entry and exit, at least {floor:.2f}")


def selected(path, wanted):
    return not wanted or any(path == one or path.startswith(one.rstrip("/") + "/")
                             for one in wanted)


def run(root, wanted=()):
    files = tree.load(root)
    ratchet = load_ratchet(root)
    violations = apply_ratchet(find_violations(files, ratchet.get("class_max", {})),
                               ratchet["tolerated"])
    if not wanted:
        violations += density_violations(rules_cpp.check_density(files),
                                         ratchet["check_density_min"])
    violations = sorted({one for one in violations if selected(one.path, wanted)})
    for violation in violations:
        print(violation)
    failed = len({violation.path for violation in violations})
    paths = {file.path for file in files if selected(file.path, wanted)}
    passed = len(paths - {violation.path for violation in violations})
    print(f"tidy: {passed} passed, {failed} failed")
    return 1 if failed else 0


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description="check the shape of the tree")
    parser.add_argument("--root", default=os.path.dirname(os.path.dirname(here)))
    parser.add_argument("paths", nargs="*", help="report only these files or folders")
    args = parser.parse_args()
    return run(os.path.abspath(args.root), args.paths)


if __name__ == "__main__":
    sys.exit(main())
