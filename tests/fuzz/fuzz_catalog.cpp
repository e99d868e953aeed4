// Any values in the rows of a catalog: each line of the input changes one column, and then the
// broker starts on it (tests/fuzz/catalog_world.h). The first two bytes of a line choose the column
// and the rows, the third how the rest is meant: as a number, a text, or bytes.
#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/catalog_world.h"

namespace lepus::persist {
namespace {

constexpr std::size_t changes_max = 8;

std::string hex_of(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<std::uint8_t>(byte));
  return text;
}

std::string value_of(std::uint8_t kind, std::string_view bytes) {
  if (kind % 4 == 0) return fmt::format("CAST(CAST(x'{}' AS TEXT) AS INTEGER)", hex_of(bytes));
  if (kind % 4 == 1) return fmt::format("CAST(x'{}' AS TEXT)", hex_of(bytes));
  return kind % 4 == 2 ? fmt::format("x'{}'", hex_of(bytes)) : std::string("NULL");
}

/// All rows, or one of the first seven.
std::string where_of(std::uint8_t row, const std::string& table) {
  if (row % 8 == 0) return "1";
  const std::string key = table == "meta" ? "name" : "rowid";
  return fmt::format("{0} = (SELECT {0} FROM {1} ORDER BY {0} LIMIT 1 OFFSET {2})", key, table,
                     row % 8 - 1);
}

void run(std::string_view input) {
  static CatalogWorld world;
  static const std::vector<CatalogWorld::Column> columns = world.columns();
  std::vector<CatalogWorld::Change> changes;
  while (!input.empty() && changes.size() < changes_max) {
    const std::string_view line = input.substr(0, input.find('\n'));
    input.remove_prefix(std::min(line.size() + 1, input.size()));
    if (line.size() < 3) continue;
    const auto byte = [&line](std::size_t at) { return static_cast<std::uint8_t>(line[at]); };
    const CatalogWorld::Column& column = columns[byte(0) % columns.size()];
    changes.push_back({column.table, column.name, value_of(byte(2), line.substr(3)),
                       where_of(byte(1), column.table)});
  }
  if (!world.change(changes)) return;
  const std::string error = world.start();
  CHECK(error.empty() || error.starts_with("catalog"));
}

}  // namespace
}  // namespace lepus::persist

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lepus::persist::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
