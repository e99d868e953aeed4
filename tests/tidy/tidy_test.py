#!/usr/bin/env python3
"""Plants each kind of violation in a temporary tree and checks that exactly it is found.

A rule without a planted violation here is not known to work; a clean file of tricky C++ guards
against false alarms. Run: tests/tidy/tidy_test.py
"""
import contextlib
import io
import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cpp_scan
import rules_class
import rules_cpp
import rules_text
import tidy
import tree

HEAD = "// A file that is planted by the test of tidy, with a head comment.\n"
HEADER = HEAD + "#pragma once\n"

TRICKY = HEADER + r'''
namespace lepus { namespace {
struct alignas(64) X final : public Base<int(int)> {
  X(int a, int b = f({1, 2})) : a_(a), b_{b}, c_{} { go(); }
  X(const X&) = delete;
  ~X() = default;
 public:
  int get() const noexcept { return 1'000 + '{' + "}"[0] + 'a'; }
  static void* operator new(std::size_t size);
  template <class T, int N = 3> requires C<T> auto f(std::map<int, T> m, T t) -> std::vector<int> {
    auto l = [&](int q) { if (q) { return 1; } return 2; };
    if (std::any_of(a, b, [](auto x) { return x; })) { t(); }
    ::new (place) T(t);
    return {1, 2};
  }
  std::chrono::nanoseconds time(int x);
  int a_ = 0; int b_{1}; std::array<int, 2> c_ = {1, 2};
};
constexpr int table[] = {1, 2};  // a new thing; delete it; throw it; assert(it)
std::vector<std::pair<int, int>> g(std::map<int, std::pair<int, int>> a, int b) {
  return R"x({{()x";
}
}  }
'''


class Tree:
    """A temporary repository; `run` gives the violations as (path, line, rule)."""

    def __init__(self, files):
        self.folder = tempfile.TemporaryDirectory(prefix="tidy-test-")
        for path, text in files.items():
            full = os.path.join(self.folder.name, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as stream:
                stream.write(text)

    def violations(self, class_max=None):
        with self.folder:
            found = tidy.find_violations(tree.load(self.folder.name), class_max or {})
        return sorted((one.path, one.line, one.rule) for one in found)


def rules_of(path, text):
    """The (line, rule) pairs of one file; the rule about unused headers is left out."""
    found = Tree({path: text}).violations()
    return [(line, rule) for _, line, rule in found if rule != "dead-file"]


class CleanTest(unittest.TestCase):
    def test_tricky_but_clean(self):
        self.assertEqual(rules_of("core/x.h", TRICKY), [])

    def test_functions_are_found(self):
        found = cpp_scan.functions(cpp_scan.scrub(TRICKY))
        self.assertEqual([(one.name, one.parameter_count) for one in found],
                         [("X", 2), ("get", 0), ("f", 2), ("g", 2)])

    def test_scrub_keeps_offsets(self):
        scrubbed = cpp_scan.scrub(TRICKY)
        self.assertEqual(len(scrubbed), len(TRICKY))
        self.assertEqual(scrubbed.count("\n"), TRICKY.count("\n"))
        self.assertNotIn("throw", scrubbed)


def class_text(functions, fields, name="Big"):
    """A class of that size, in the ways members are written."""
    kinds = ["void f{0}();", "int f{0}() const {{ return 1; }}", "virtual void f{0}(int a) = 0;",
             "template <class T>\n  void f{0}(T t) {{ if (t) g(); }}"]
    lines = [kinds[i % len(kinds)].format(i) for i in range(functions)]
    shapes = ["int a{0} = 0;", "std::map<int, int> a{0}{{}};", "bool a{0};"]
    lines += [shapes[i % len(shapes)].format(i) for i in range(fields)]
    return (f"class {name} final : public Base {{\n public:\n  using T = int;\n"
            "  enum class E {{ a, b }};\n  struct Later;\n  struct Part {\n    int x, y;\n  };\n  "
            + "\n  ".join(lines) + "\n};\n")


class ClassTest(unittest.TestCase):
    def test_sizes(self):
        for functions, fields in [(1, 0), (4, 3), (25, 15)]:
            self.assertEqual(rules_of("core/x.cpp", HEAD + class_text(functions, fields)), [])
        self.assertEqual(rules_of("core/x.cpp", HEAD + class_text(26, 1)), [(2, "class-size")])
        self.assertEqual(rules_of("core/x.cpp", HEAD + class_text(1, 16)), [(2, "class-size")])

    def test_plain_data_may_be_long(self):
        self.assertEqual(rules_of("core/x.cpp", HEAD + class_text(0, 40)), [])

    def test_allowances_only_fall(self):
        files = {"core/x.cpp": HEAD + class_text(30, 2)}
        self.assertEqual(Tree(files).violations({"core/x.cpp: Big": [30, 15]}), [])
        self.assertEqual([rule for _, _, rule in Tree(files).violations(
            {"core/x.cpp: Big": [29, 15]})], ["class-size", "ratchet"])
        self.assertEqual([rule for _, _, rule in Tree(files).violations(
            {"core/x.cpp: Big": [31, 15]})], ["ratchet"])
        self.assertEqual([rule for _, _, rule in Tree(files).violations(
            {"core/x.cpp: Big": [30, 15], "core/x.cpp: Gone": [30, 15]})], ["ratchet"])

    def test_friends(self):
        other = HEADER + "class Other {\n  void f();\n};\n"
        text = HEAD + '#include "core/y.h"\nclass A {\n  friend class Other;\n  void f();\n};\n'
        found = Tree({"core/x.cpp": text, "core/y.h": other}).violations()
        self.assertEqual(found, [("core/x.cpp", 4, "friend")])
        near = HEAD + "class B {\n  void f();\n};\nclass A {\n  friend class B;\n  void f();\n};\n"
        self.assertEqual(rules_of("core/x.cpp", near), [])

    def test_folders(self):
        files = {f"core/x{i}.cpp": HEAD for i in range(rules_class.FOLDER_FILES_MAX)}
        self.assertEqual(Tree(files).violations(), [])
        files["core/y.cpp"] = HEAD
        self.assertEqual(Tree(files).violations(), [("core", 1, "folder-size")])


class WordTest(unittest.TestCase):
    GLOSSARY = "# Words\n\n## Not used\n\n| word | term |\n|---|---|\n| `let_go` | discard |\n"

    def test_a_word_of_the_left_column(self):
        text = HEAD + "void let_go_now();\nvoid outlet_gone();  // let_go\n"
        found = Tree({"core/x.cpp": text, "docs/GLOSSARY.md": self.GLOSSARY}).violations()
        self.assertEqual(found, [("core/x.cpp", 2, "word")])

    def test_without_a_glossary(self):
        self.assertEqual(rules_of("core/x.cpp", HEAD + "void let_go();\n"), [])


class LogLineTest(unittest.TestCase):
    PAGE = "| line | level |\n|---|---|\n| `it broke` | error |\n"
    CALL = 'void f() {\n  log.write(LogLevel::error, LogCategory::general, %s);\n}\n'

    def found(self, text, page=PAGE):
        return Tree({"core/x.cpp": HEAD + text, "docs/operations/logs.md": page}).violations()

    def test_a_line_that_is_on_the_page(self):
        self.assertEqual(self.found(self.CALL % '"it "\n   "broke", {{"text", why}}'), [])

    def test_a_line_that_is_not(self):
        for text in ('"it works"', 'is_bad ? "it works" : "cleared"', "event_of(x)", "event"):
            text = (self.CALL % text + self.CALL % '"it broke"'
                    + 'const char* event_of(int) {\n  return "it works";\n}\n')
            self.assertEqual(self.found(text), [("core/x.cpp", 3, "log-line")])

    def test_info_is_not_looked_at(self):
        quiet = self.CALL.replace("::error", "::info") % '"it works"'
        self.assertEqual(self.found(quiet + self.CALL % '"it broke"'), [])

    def test_a_case_of_recovery(self):
        row = 'CaseRow{RecoveryCase::%s, "%s", Severity::%s, "found"},\n'
        text = HEADER + row % ("bad", "bad", "loss") + row % ("fine", "fine", "normal")
        path, page = "persist/recovery/recovery_cases.h", "docs/operations/disk.md"
        files = {path: text, page: "`good`\n",
                 "persist/x.cpp": HEAD + f'#include "{path}"\n'}
        self.assertEqual(Tree(files).violations(), [(path, 3, "log-line")])
        files[page] = "`bad`\n"
        self.assertEqual(Tree(files).violations(), [])

    def test_a_text_of_the_start(self):
        code = HEAD + 'void f() {\n  return fail("cannot make data_dir {}: {}; set it", x);\n}\n'
        page = "## The broker does not start\n\n| text |\n|---|\n| `%s … set it` | do |\n"
        name = "docs/operations/troubleshooting.md"
        for text, found in (("cannot make data_dir", []),
                            ("cannot open data_dir", [(name, 5, "log-line")])):
            self.assertEqual(Tree({"core/x.cpp": code, name: page % text}).violations(), found)

    def test_a_row_that_nothing_logs(self):
        self.assertEqual(self.found(self.CALL % '"it broke"', self.PAGE + "| `old` | warning |\n"),
                         [("docs/operations/logs.md", 4, "log-line")])


class ShapeTest(unittest.TestCase):
    def test_file_lines(self):
        lines_max = rules_text.FILE_LINES_MAX
        self.assertEqual(rules_of("core/x.cpp", HEAD + "\n" * (lines_max - 1)), [])
        self.assertEqual(rules_of("core/x.cpp", HEAD + "\n" * lines_max),
                         [(lines_max + 1, "file-lines")])

    def test_function_lines(self):
        lines_max = rules_cpp.FUNCTION_LINES_MAX
        body = "\n".join(["  f();"] * (lines_max - 2))
        self.assertEqual(rules_of("core/x.cpp", HEAD + f"void g() {{\n{body}\n}}\n"), [])
        self.assertEqual(rules_of("core/x.cpp", HEAD + f"void g() {{\n{body}\n\n}}\n"),
                         [(2, "function-lines")])

    def test_python_function_lines(self):
        body = "\n".join(["    f()"] * rules_cpp.FUNCTION_LINES_MAX)
        self.assertEqual(rules_of("tests/x.py", f'"""{HEAD.strip()}"""\ndef g():\n{body}\n'),
                         [(2, "function-lines")])

    def test_columns(self):
        self.assertEqual(rules_of("core/x.cpp", HEAD + "// " + "x" * 97 + "\n"), [])
        self.assertEqual(rules_of("core/x.cpp", HEAD + "// " + "x" * 98 + "\n"), [(2, "columns")])

    def test_parameters(self):
        self.assertEqual(rules_of("io/x.cpp", HEAD + "void f(int a, int b, int c, int d) {}\n"), [])
        self.assertEqual(
            rules_of("io/x.cpp", HEAD + "\nvoid X::f(int a, int b, int c, int d, int e) {}\n"),
            [(3, "parameters")])

    def test_nesting(self):
        three = "if (a) {\nfor (;;) {\nwhile (b) {\n@}\n}\n}\n"
        clean = HEAD + "void f() {\n" + three.replace("@", "") + "}\n"
        self.assertEqual(rules_of("io/x.cpp", clean), [])
        four = three.replace("@", "if (c) {\n}\n")
        deep = HEAD + "void f() {\n" + four + "}\n"
        self.assertEqual(rules_of("io/x.cpp", deep), [(6, "nesting")])

    def test_head_comment(self):
        self.assertEqual(rules_of("core/x.cpp", "int a = 1;\n"), [(1, "head-comment")])
        self.assertEqual(rules_of("tools/x.sh", "#!/bin/sh\nset -e\n"), [(1, "head-comment")])
        self.assertEqual(rules_of("tests/x.py", "import os\n"), [(1, "head-comment")])
        short = "// The code of x.h.\n"
        self.assertEqual(rules_of("core/x.cpp", short), [(1, "head-comment")])
        twins = {"core/x.cpp": short + '#include "core/x.h"\n', "core/x.h": HEADER}
        self.assertEqual(Tree(twins).violations(), [])

    def test_pragma_once(self):
        self.assertEqual(rules_of("core/x.h", HEAD + "int f();\n"), [(1, "pragma-once")])

    def test_white_space(self):
        self.assertEqual(rules_of("core/x.cpp", HEAD + "int a; \n"), [(2, "trailing-space")])
        self.assertEqual(rules_of("core/x.cpp", HEAD + "\tint a;\n"), [(2, "tab")])

    def test_big_file(self):
        text = "x" * (rules_text.FILE_BYTES_MAX + 1)
        self.assertEqual(rules_of("docs/x.md", text), [(1, "size")])


class BanTest(unittest.TestCase):
    BANNED = [
        ("core", "thread_local int a;"), ("net", "co_await f();"), ("core", "auto* a = new X(1);"),
        ("tools", "delete a;"), ("io", "delete[] a;"), ("net", "std::shared_ptr<int> a;"),
        ("core", "std::function<void()> a;"), ("tools", "std::regex a;"),
        ("net", "std::cout << 1;"), ("core", "int a = rand();"), ("tests", "int a = std::rand();"),
        ("core", "auto a = std::chrono::steady_clock::now();"), ("io", "clock_gettime(1, &t);"),
        ("net", "auto a = time(nullptr);"), ("tests", "std::this_thread::sleep_for(a);"),
        ("io", "usleep(1);"), ("core", "assert(a);"), ("net", "throw 1;"),
        ("core", "host_.publish(forward);"),
        ("core", "#include <iostream>"), ("core", "#include <sys/socket.h>"),
        ("tools", "#include <regex>"),
    ]

    def test_each_ban(self):
        for folder, line in self.BANNED:
            with self.subTest(line=line):
                self.assertEqual(rules_of(f"{folder}/x.cpp", HEAD + line + "\n"), [(2, "banned")])

    def test_allowed_places(self):
        for path, line in [("tools/x.cpp", "std::cout << 1;"), ("tools/x.cpp", "throw 1;"),
                           ("io/kernel_driver.cpp", "clock_gettime(1, &t);"),
                           ("io/x.cpp", "#include <sys/socket.h>"), ("core/x.cpp", "f.rand();"),
                           ("core/x.cpp", "static_assert(a);"),
                           ("tests/x.cpp", "std::function<void()> a;"),
                           ("io/sim/sim_x.cpp", "std::shared_ptr<int> a;")]:
            with self.subTest(line=line):
                self.assertEqual(rules_of(path, HEAD + line + "\n"), [])

    def test_using_namespace(self):
        self.assertEqual(rules_of("core/x.h", HEADER + "using namespace std;\n"),
                         [(3, "using-namespace")])


class IncludeTest(unittest.TestCase):
    def test_direction(self):
        files = {"core/a.cpp": HEAD + '#include "net/b.h"\n', "net/b.h": HEADER}
        self.assertEqual(Tree(files).violations(), [("core/a.cpp", 2, "include-direction")])
        files = {"net/a.cpp": HEAD + '#include "core/b.h"\n', "core/b.h": HEADER}
        self.assertEqual(Tree(files).violations(), [])

    def test_inner_direction(self):
        files = {"core/base/a.cpp": HEAD + '#include "core/b.h"\n', "core/b.h": HEADER}
        self.assertEqual(Tree(files).violations(), [("core/base/a.cpp", 2, "include-direction")])

    def test_relative_to_root(self):
        files = {"core/a.cpp": HEAD + '#include "b.h"\n#include "core/b.h"\n', "core/b.h": HEADER}
        self.assertEqual(Tree(files).violations(), [("core/a.cpp", 2, "include-root")])
        self.assertEqual(rules_of("net/a.cpp", HEAD + '#include "net/methods.gen.h"\n'), [])

    def test_cycle(self):
        files = {"core/a.h": HEADER + '#include "core/b.h"\n',
                 "core/b.h": HEADER + '\n#include "core/a.h"\n'}
        self.assertEqual(Tree(files).violations(), [("core/b.h", 4, "include-cycle")])

    def test_dead_header(self):
        self.assertEqual(Tree({"core/a.h": HEADER}).violations(), [("core/a.h", 1, "dead-file")])


class WordTest(unittest.TestCase):
    def test_reminder(self):
        self.assertEqual(rules_of("docs/x.md", "a\nTO" + "DO: b\n"), [(2, "reminder")])
        self.assertEqual(rules_of("docs/x.md", "what to do\n"), [])

    def test_place(self):
        self.assertEqual(rules_of("docs/x.md", "cd /wo" + "rk/main\n"), [(1, "place")])
        self.assertEqual(rules_of("docs/x.md", "cd /tmp/le" + "pus/x\n"), [(1, "place")])
        self.assertEqual(rules_of("docs/x.md", "tests/e2e/work, /workers, /tmp/lepus-1\n"), [])

    def test_registry(self):
        for host in rules_text.REGISTRIES:
            self.assertEqual(rules_of("tests/x.lock", f"https://{host}/a\n"), [(1, "registry")])


class RatchetTest(unittest.TestCase):
    def test_tolerated_entries(self):
        found = [tidy.Violation("core/a.cpp", 1, "columns", "101 columns", "break it")]
        self.assertEqual(tidy.apply_ratchet(found, ["core/a.cpp: columns: 101 columns"]), [])
        left = tidy.apply_ratchet([], ["core/a.cpp: columns: 101 columns"])
        self.assertEqual([one.rule for one in left], ["ratchet"])

    def test_density(self):
        text = HEAD + "void f(int a) {\n  CHECK(a);\n  g();\n}\nint h() { return 1; }\n"
        files = {"core/a.cpp": text}
        with (planted := Tree(files)).folder:
            density = rules_cpp.check_density(tree.load(planted.folder.name))
        self.assertEqual(density, {"core": (1, 1)})
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(list(tidy.density_violations(density, {"core": 1.0})), [])
            self.assertEqual([one.rule for one in tidy.density_violations(density, {"core": 1.1})],
                             ["check-density"])

    def test_whole_run(self):
        files = {"core/a.cpp": "int a;\n", "core/b.cpp": HEAD,
                 "tests/tidy/ratchet.json": json.dumps({"check_density_min": {}, "tolerated": []})}
        output = io.StringIO()
        with (planted := Tree(files)).folder, contextlib.redirect_stdout(output):
            code = tidy.run(planted.folder.name)
        self.assertEqual(code, 1)
        self.assertEqual(output.getvalue().splitlines()[-1], "tidy: 2 passed, 1 failed")
        self.assertIn("core/a.cpp:1: head-comment: ", output.getvalue())


if __name__ == "__main__":
    unittest.main()
