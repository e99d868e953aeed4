// docs/FORMAT.md shows the table of recovery's cases as it is in the code.
#include "persist/recovery/recovery_cases.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace lepus::persist {
namespace {

std::string table() {
  std::string text = "| case | severity | found | decision | why |\n|---|---|---|---|---|\n";
  for (const CaseRow& row : recovery_cases)
    text += fmt::format("| `{}` | {} | {} | {} | {} |\n", row.name, text_of(row.severity),
                        row.found, row.decision, row.why);
  return text;
}

/// The tests run in the repository or in a build directory somewhere below it.
std::string read_document() {
  std::string path = "docs/FORMAT.md";
  for (int i = 0; i < 6; ++i, path = "../" + path)
    if (std::ifstream file(path); file) {
      std::stringstream text;
      text << file.rdbuf();
      return text.str();
    }
  return {};
}

TEST(RecoveryCases, AreInTheDocument) {
  const std::string document = read_document();
  ASSERT_FALSE(document.empty()) << "docs/FORMAT.md is not above the current directory";
  EXPECT_NE(document.find(table()), std::string::npos) << "it should hold this:\n" << table();
}

TEST(RecoveryCases, HaveNamesOfTheirOwn) {
  for (const CaseRow& row : recovery_cases) {
    EXPECT_FALSE(row.why.empty());
    for (const CaseRow& other : recovery_cases) EXPECT_EQ(row.name == other.name, &row == &other);
  }
}

}  // namespace
}  // namespace lepus::persist
