#!/usr/bin/env python3
"""Makes methods.gen.h and methods.gen.cpp out of amqp0_9_1.json.

    generate.py DEFINITION.json OUTPUT_DIRECTORY

For each method: a struct with its fields (views into the frame), read_fields() used by decode(),
encoded_size() and encode(). Methods marked "hot" are defined inline in the header, all others in
the .cpp. Reserved fields have no member; they are skipped when read and written as zero.
Consecutive bits share one octet, the first in its lowest bit.
"""
import json
import os
import sys

# type -> (member type and initial value, reader, writer, size of a fixed-size field)
TYPES = {
    "octet": ("std::uint8_t {} = 0", "octet", "store_u8", 1),
    "short": ("std::uint16_t {} = 0", "short_uint", "store_u16", 2),
    "long": ("std::uint32_t {} = 0", "long_uint", "store_u32", 4),
    "longlong": ("std::uint64_t {} = 0", "longlong_uint", "store_u64", 8),
    "shortstr": ("std::string_view {}", "shortstr", None, None),
    "longstr": ("std::string_view {}", "longstr", None, None),
    "table": ("core::Bytes {}", "table", None, None),
    "bit": ("bool {} = false", None, None, None),
}
LENGTH_SIZE = {"shortstr": 1, "longstr": 4, "table": 4}


def snake(name):
    return name.replace("-", "_")


def camel(name):
    return "".join(part.capitalize() for part in name.split("-"))


class Method:
    def __init__(self, owner, description):
        self.owner = owner
        self.name = description["name"]
        self.number = description["id"]
        self.fields = description["fields"]
        self.sent_by = description["from"]
        self.content = description.get("content", False)
        self.hot = description.get("hot", False)
        self.wire_name = f"{owner['name']}.{self.name}"
        self.struct = camel(owner["name"]) + camel(self.name)
        self.enumerator = snake(owner["name"]) + "_" + snake(self.name)

    def groups(self):
        """The fields with consecutive bits in one list: [field, [bit, bit], field]."""
        groups = []
        for field in self.fields:
            if field["type"] != "bit":
                groups.append(field)
            elif groups and isinstance(groups[-1], list) and len(groups[-1]) < 8:
                groups[-1].append(field)
            else:
                groups.append([field])
        return groups

    def kept(self):
        return [field for field in self.fields if not field.get("reserved")]


def struct_lines(method):
    yield f"struct {method.struct} {{  // {method.wire_name}"
    yield f"  static constexpr MethodId id = MethodId::{method.enumerator};"
    for field in method.kept():
        comment = "  ///< Inside of the table." if field["type"] == "table" else ""
        yield "  " + TYPES[field["type"]][0].format(snake(field["name"])) + ";" + comment
    yield "};"


def function_head(text, last_parameter):
    """Unused parameters stay without a name."""
    return f"{text} {last_parameter}) {{" if last_parameter else f"{text}) {{"


def read_lines(method, prefix):
    if not method.kept() and not method.fields:
        yield f"{prefix}void read_fields(ArgumentReader&, {method.struct}&) {{}}"
        return
    yield function_head(f"{prefix}void read_fields(ArgumentReader& in, {method.struct}&",
                        "out" if method.kept() else "")
    for number, group in enumerate(method.groups()):
        if isinstance(group, list):
            kept = [(i, field) for i, field in enumerate(group) if not field.get("reserved")]
            if not kept:
                yield "  in.octet();"
                continue
            yield f"  const std::uint8_t bits_{number} = in.octet();"
            for index, field in kept:
                yield f"  out.{snake(field['name'])} = (bits_{number} & {1 << index}u) != 0;"
        else:
            target = "" if group.get("reserved") else f"out.{snake(group['name'])} = "
            yield f"  {target}in.{TYPES[group['type']][1]}();"
    yield "}"


def size_lines(method, prefix):
    fixed = 0
    terms = []
    for group in method.groups():
        if isinstance(group, list):
            fixed += 1
        elif TYPES[group["type"]][3] is not None:
            fixed += TYPES[group["type"]][3]
        else:
            fixed += LENGTH_SIZE[group["type"]]
            if not group.get("reserved"):
                terms.append(f"method.{snake(group['name'])}.size()")
    yield function_head(f"{prefix}std::size_t encoded_size(const {method.struct}&",
                        "method" if terms else "")
    yield "  return " + " +\n         ".join([str(fixed)] + terms) + ";"
    yield "}"


def write_line(field):
    if field.get("reserved"):
        size = TYPES[field["type"]][3] or LENGTH_SIZE[field["type"]]
        return f"  at = core::store_u{size * 8}(at, 0);"
    member = f"method.{snake(field['name'])}"
    kind = field["type"]
    if kind == "shortstr":
        return f"  at = core::store_shortstr(at, {member});"
    if kind == "longstr":
        return f"  at = store_longstr(at, core::as_bytes({member}));"
    if kind == "table":
        return f"  at = store_longstr(at, {member});"
    return f"  at = core::{TYPES[kind][2]}(at, {member});"


def bits_expression(group):
    terms = [f"method.{snake(field['name'])} * {1 << index}" for index, field in enumerate(group)
             if not field.get("reserved")]
    return "static_cast<std::uint8_t>(" + " +\n      ".join(terms) + ")" if terms else "0"


def encode_lines(method, prefix):
    yield function_head(f"{prefix}std::uint8_t* encode(std::uint8_t* at, const {method.struct}&",
                        "method" if method.kept() else "")
    for group in method.groups():
        if isinstance(group, list):
            yield f"  at = core::store_u8(at, {bits_expression(group)});"
        else:
            yield write_line(group)
    yield "  return at;"
    yield "}"


def masks(methods):
    """The method numbers of a class as bits of two 64-bit words."""
    low = sum(1 << method.number for method in methods if method.number < 64)
    high = sum(1 << (method.number - 64) for method in methods if method.number >= 64)
    return low, high


HEAD = """// Generated by net/amqp/generate.py from net/amqp/amqp0_9_1.json; changes here are lost.
//
"""

HEADER_TOP = HEAD + """// AMQP 0-9-1 methods as structs. Texts and tables are views into the frame.
// For each method T:
//   T::id                            class << 16 | method, as on the wire
//   bool decode(arguments, T& out)   false: malformed, decode_error(T::id, arguments) says how
//   encoded_size(T), encode(at, T)   the arguments only; for frames see store_method_frame()
// A text for a shortstr must not be longer than 255 bytes (CHECKed by encode).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/bytes.h"
#include "net/amqp/codec/arguments.h"

namespace lepus::amqp {
"""

HEADER_FUNCTIONS = """
/// Class and method number, before the arguments.
inline constexpr std::size_t method_header_size = 4;

constexpr std::uint16_t class_id_of(MethodId id) {
  return static_cast<std::uint16_t>(static_cast<std::uint32_t>(id) >> 16);
}
constexpr std::uint16_t method_id_of(MethodId id) {
  return static_cast<std::uint16_t>(static_cast<std::uint32_t>(id) & 0xffff);
}

/// "queue.declare"; "unknown method" for a number that is no method.
std::string_view method_name(MethodId id);

/// Why `arguments` are not those of `id`, for the error path. `id` must be known.
DecodeFault find_decode_fault(MethodId id, core::Bytes arguments);

namespace detail {
constexpr bool in_mask(std::uint64_t low, std::uint64_t high, std::uint16_t number) {
  if (number >= 128) return false;
  return (((number < 64 ? low : high) >> (number & 63)) & 1) != 0;
}
}  // namespace detail
"""

HEADER_DECODE = """
inline std::uint8_t* store_longstr(std::uint8_t* at, core::Bytes bytes) {
  return core::store_bytes(core::store_u32(at, static_cast<std::uint32_t>(bytes.size())), bytes);
}

/// Fills `out` from all of `arguments`.
template <class Method>
[[nodiscard]] bool decode(core::Bytes arguments, Method& out) {
  ArgumentReader in{arguments};
  read_fields(in, out);
  return in.finish();
}
"""


def mask_function(comment, signature, expressions, per_class):
    class_expression, number_expression = expressions
    yield f"/// {comment}"
    yield f"constexpr bool {signature} {{"
    yield f"  switch ({class_expression}) {{"
    for owner, methods in per_class:
        low, high = masks(methods)
        if low or high:
            yield (f"    case class_{snake(owner['name'])}: "
                   f"return detail::in_mask({low:#x}u, {high:#x}u, {number_expression});")
    yield "  }"
    yield "  return false;"
    yield "}"


def header(definition, per_class):
    methods = [method for _, group in per_class for method in group]
    lines = [HEADER_TOP]
    for name, value in definition["constants"].items():
        kind = "std::uint8_t" if value < 256 else "std::uint32_t"
        lines.append(f"inline constexpr {kind} {snake(name)} = {value};")
    lines.append("")
    for owner, _ in per_class:
        name = snake(owner["name"])
        lines.append(f"inline constexpr std::uint16_t class_{name} = {owner['id']};")
    lines += ["", "enum class MethodId : std::uint32_t {"]
    for method in methods:
        lines.append(f"  {method.enumerator} = {method.owner['id']}u << 16 | {method.number}u,")
    lines += ["};", HEADER_FUNCTIONS]
    lines += mask_function("Is there such a method?",
                           "is_known(std::uint16_t class_id, std::uint16_t method_id)",
                           ("class_id", "method_id"), per_class)
    lines.append("")
    by_client = [(owner, [method for method in group if "client" in method.sent_by])
                 for owner, group in per_class]
    lines += mask_function("May a client send it? The others only come from a server.",
                           "sent_by_client(MethodId id)", ("class_id_of(id)", "method_id_of(id)"),
                           by_client)
    with_content = [f"id == MethodId::{method.enumerator}" for method in methods if method.content]
    lines += ["", "/// Does a content header follow?", "constexpr bool has_content(MethodId id) {",
              "  return " + " ||\n         ".join(with_content) + ";", "}", ""]
    for method in methods:
        lines += list(struct_lines(method)) + [""]
    lines.append(HEADER_DECODE)
    for method in methods:
        if method.hot:
            for make in (read_lines, size_lines, encode_lines):
                lines += make(method, "inline ")
        else:
            lines.append(f"void read_fields(ArgumentReader& in, {method.struct}& out);")
            lines.append(f"std::size_t encoded_size(const {method.struct}& method);")
            lines.append(f"std::uint8_t* encode(std::uint8_t* at, const {method.struct}& method);")
        lines.append("")
    lines += ["/// Calls visitor(T{}) with the type of the method `id`, which must be known.",
              "template <class Visitor>", "void visit_method(MethodId id, Visitor&& visitor) {",
              "  CHECK(is_known(class_id_of(id), method_id_of(id)));", "  switch (id) {"]
    for method in methods:
        lines += [f"    case MethodId::{method.enumerator}:",
                  f"      return visitor({method.struct}{{}});"]
    lines += ["  }", "}", ""]
    lines.append("}  // namespace lepus::amqp")
    return "\n".join(lines) + "\n"


def source(per_class):
    methods = [method for _, group in per_class for method in group]
    lines = [HEAD + "// Codecs of the methods that are not hot, and the tables for the error path.",
             '#include "net/amqp/methods.gen.h"', "", "namespace lepus::amqp {", "",
             "std::string_view method_name(MethodId id) {", "  switch (id) {"]
    for method in methods:
        lines.append(f'    case MethodId::{method.enumerator}: return "{method.wire_name}";')
    lines += ["  }", '  return "unknown method";', "}", "",
              "DecodeFault find_decode_fault(MethodId id, core::Bytes arguments) {",
              "  DecodeFault fault;", "  visit_method(id, [&](auto method) {",
              "    ArgumentReader in{arguments};", "    read_fields(in, method);",
              "    fault = in.fault();", "  });", "  return fault;", "}", ""]
    for method in methods:
        if not method.hot:
            for make in (read_lines, size_lines, encode_lines):
                lines += list(make(method, "")) + [""]
    lines.append("}  // namespace lepus::amqp")
    return "\n".join(lines) + "\n"


def check(definition, per_class):
    for _, methods in per_class:
        for method in methods:
            if method.number >= 128:
                sys.exit(f"{method.wire_name}: method numbers above 127 do not fit the masks")
            for field in method.fields:
                if field["type"] not in TYPES:
                    sys.exit(f"{method.wire_name}.{field['name']}: unknown type {field['type']}")
    if definition["constants"]["frame-end"] > 255:
        sys.exit("frame-end is not an octet")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        definition = json.load(file)
    per_class = [(owner, [Method(owner, description) for description in owner["methods"]])
                 for owner in definition["classes"]]
    check(definition, per_class)
    for name, text in (("methods.gen.h", header(definition, per_class)),
                       ("methods.gen.cpp", source(per_class))):
        with open(os.path.join(sys.argv[2], name), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
