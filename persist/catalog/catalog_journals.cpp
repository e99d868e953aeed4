// The catalog's part for what it knows of the journals: rows journal_0, journal_1, ... of `meta`.
#include <fmt/format.h>

#include <charconv>
#include <string_view>
#include <utility>

#include "persist/catalog/catalog.h"

namespace lepus::persist {

namespace {

constexpr std::string_view row_prefix = "journal_";

}  // namespace

std::string Catalog::load_journal_ends(std::map<std::uint32_t, std::uint64_t>& ends) {
  CHECK(store_ != 0);
  CHECK(ends.empty());
  Statement select;
  std::string error = database_.prepare(
      "SELECT substr(name, 9), value FROM meta WHERE name GLOB 'journal_[0-9]*'", select);
  if (!error.empty()) return error;
  while (select.next()) {
    const std::string_view digits = select.text(0);
    std::uint32_t shard = 0;
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), shard);
    if (code != std::errc{} || end != digits.data() + digits.size() || select.number(1) < 0) {
      error = database_.complain(fmt::format("row {}{} of table meta", row_prefix, digits));
      (void)select.finish();  // `digits` lives until here.
      return error;
    }
    ends[shard] = static_cast<std::uint64_t>(select.number(1));
  }
  return select.finish();
}

std::string Catalog::save_journal_ends(const std::map<std::uint32_t, std::uint64_t>& ends) {
  CHECK(loaded_);
  CHECK(!in_transaction_);
  run_once("DELETE FROM meta WHERE name GLOB 'journal_[0-9]*'", {});
  for (const auto& [shard, end] : ends)
    run_once(
        fmt::format("INSERT INTO meta (name, value) VALUES ('{}{}', {})", row_prefix, shard, end),
        {});
  return commit();
}

}  // namespace lepus::persist
