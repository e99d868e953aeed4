#!/usr/bin/env python3
"""Checks net/amqp/amqp0_9_1.json and the tables made by hand against Debian's amqp-specs.

Exits with 77 (Meson: skipped) if the specification is not installed: apt-get install amqp-specs.
What RabbitMQ added after that file was written is listed in ADDED; anything else that differs
fails.
"""
import json
import os
import re
import sys
import xml.etree.ElementTree as ElementTree

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../..")
SPECIFICATION = "/usr/share/amqp/specs/0-9-1-rabbit/amqp0-9-1.stripped.extended.xml"
ADDED = {"connection.blocked", "connection.unblocked", "connection.update-secret",
         "connection.update-secret-ok", "access.request", "access.request-ok"}
RENAMED_FIELDS = {"nowait": "no-wait", "reserved": "cluster-id"}
# "chassis" in the specification names who must be able to receive a method.
SENT_BY = {"client": "server", "server": "client"}
# Constant that is missing in the specification although basic.return uses it.
ADDED_CODES = {"no-route": 312}
# Codes RabbitMQ never sends; core::ReplyCode leaves them out.
CODES_UNUSED = {"content-too-large", "no-consumers", "invalid-path"}


def field_of(element, domains):
    name = element.get("name")
    kind = element.get("type") or domains[element.get("domain")]
    return RENAMED_FIELDS.get(name, name), kind, element.get("reserved") == "1"


def specified_methods(tree):
    domains = {element.get("name"): element.get("type") for element in tree.iter("domain")}
    methods = {}
    for owner in tree.iter("class"):
        for method in owner.findall("method"):
            name = f"{owner.get('name')}.{method.get('name')}"
            sent_by = {SENT_BY[chassis.get("name")] for chassis in method.findall("chassis")}
            methods[name] = (int(owner.get("index")), int(method.get("index")),
                             [field_of(field, domains) for field in method.findall("field")],
                             method.get("content") == "1", sent_by)
    return methods


def defined_methods(definition):
    methods = {}
    for owner in definition["classes"]:
        for method in owner["methods"]:
            fields = [(field["name"], field["type"], field.get("reserved", False))
                      for field in method["fields"]]
            methods[f"{owner['name']}.{method['name']}"] = (
                owner["id"], method["id"], fields, method.get("content", False),
                set(method["from"]))
    return methods


def specified_constants(tree):
    return {element.get("name"): int(element.get("value")) for element in tree.iter("constant")}


def compare(what, found, expected):
    if found == expected:
        return 0
    print(f"{what}:\n  defined   {found}\n  specified {expected}", file=sys.stderr)
    return 1


def check_methods(tree, definition):
    specified, defined = specified_methods(tree), defined_methods(definition)
    failures = compare("method names", set(defined) - ADDED, set(specified))
    failures += compare("methods added by RabbitMQ", ADDED - set(defined), set())
    for name in sorted(set(specified) & set(defined)):
        failures += compare(name, defined[name], specified[name])
    return failures


def check_constants(tree, definition):
    defined = dict(definition["constants"])
    defined.update({code["name"]: code["code"] for code in definition["reply_codes"]})
    failures = compare("constants", defined, {**specified_constants(tree), **ADDED_CODES})
    errors = {element.get("name"): element.get("class").replace("-error", "")
              for element in tree.iter("constant") if element.get("class")}
    defined_errors = {code["name"]: code["error"] for code in definition["reply_codes"]
                      if "error" in code and code["name"] not in ADDED_CODES}
    return failures + compare("scope of errors", defined_errors, errors)


def check_reply_codes(definition):
    with open(os.path.join(ROOT, "core/amqp_error.h"), encoding="utf-8") as file:
        body = re.search(r"enum class ReplyCode[^{]*\{(.*?)\};", file.read(), re.S).group(1)
    found = {name.replace("_", "-"): int(value) for name, value in
             re.findall(r"(\w+) = (\d+)", body)}
    expected = {code["name"].replace("reply-success", "success"): code["code"]
                for code in definition["reply_codes"] if code["name"] not in CODES_UNUSED}
    found = {name: value for name, value in found.items() if name not in CODES_UNUSED}
    return compare("core::ReplyCode", found, expected)


def check_properties(tree):
    with open(os.path.join(ROOT, "core/message/properties.h"), encoding="utf-8") as file:
        body = re.search(r"enum class Property[^{]*\{(.*?)\};", file.read(), re.S).group(1)
    found = [(name.replace("_", "-"), int(bit)) for name, bit in
             re.findall(r"(\w+) = 1 << (\d+)", body)]
    fields = [field.get("name") for owner in tree.iter("class") if owner.get("name") == "basic"
              for field in owner.findall("field")]
    expected = [(RENAMED_FIELDS.get(name, name), 15 - index) for index, name in enumerate(fields)]
    return compare("core::Property", found, expected)


def main():
    if not os.path.exists(SPECIFICATION):
        print(f"skipped: no {SPECIFICATION}; apt-get install amqp-specs")
        return 77
    tree = ElementTree.parse(SPECIFICATION)
    with open(os.path.join(ROOT, "net/amqp/amqp0_9_1.json"), encoding="utf-8") as file:
        definition = json.load(file)
    failures = (check_methods(tree, definition) + check_constants(tree, definition) +
                check_reply_codes(definition) + check_properties(tree))
    if failures == 0:
        print(f"{len(defined_methods(definition))} methods agree with the specification")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
