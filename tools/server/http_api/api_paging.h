// Pages of a listing: what the query says of them, and the order of rows, with RabbitMQ's rules.
//
//   ?page=2&page_size=50&name=^a&use_regex=true&sort=messages&sort_reverse=true&columns=name
//
// Only where a page is asked for rows are left out by name, as with RabbitMQ.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/server/admin/json_writer.h"
#include "tools/server/http_api/api_query.h"

namespace re2 {
class RE2;
}

namespace lepus::server {

/// By what rows are ordered. As in RabbitMQ what is missing counts as 0, and numbers come before
/// true and false, and these before texts.
struct SortKey {
  enum class Kind : std::uint8_t { number, boolean, text };
  Kind kind = Kind::number;
  double number = 0;
  std::string text = {};

  static SortKey of_text(std::string_view value) { return {Kind::text, 0, std::string{value}}; }
  static SortKey of_number(double value) { return {Kind::number, value, {}}; }
  static SortKey of_boolean(bool value) { return {Kind::boolean, value ? 1.0 : 0.0, {}}; }
  static SortKey missing() { return {}; }
};
inline bool operator<(const SortKey& left, const SortKey& right) {
  if (left.kind != right.kind) return left.kind < right.kind;
  if (left.kind == SortKey::Kind::text) return left.text < right.text;
  return left.number < right.number;
}
/// Of "message_stats.publish" in an object: where it is not there, or is none of the kinds above,
/// it is missing.
SortKey key_in_json(const std::string& json, std::string_view column);

class ApiPaging {
 public:
  struct Fault {
    std::string error;  ///< Empty: nothing is wrong.
    std::string reason = {};
  };

  /// `default_sort`: "name", or "vhost" and "name".
  ApiPaging(const ApiQuery& query, std::vector<std::string> default_sort);
  ~ApiPaging();

  const Fault& fault() const { return fault_; }
  bool has_page() const { return page_ > 0; }
  bool is_reversed() const { return is_reversed_; }
  /// In this order; empty: rows stay as they are.
  const std::vector<std::string>& sort_columns() const { return sort_columns_; }
  /// Returns true if it is looked for.
  bool accepts(std::string_view name) const;

  /// Rows of the page, of `filtered_count` in order; with an error when there is no such page.
  struct Range {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    Fault fault = {};
  };
  Range range(std::uint64_t filtered_count) const;
  struct Counts {
    std::uint64_t total;
    std::uint64_t filtered;
    std::uint64_t items;
  };
  /// The fields of a page's object before its items.
  void write_fields(const Counts& counts, JsonWriter& json) const;

 private:
  void read_page(const ApiQuery& query);
  void read_filter(const ApiQuery& query);

  std::uint64_t page_ = 0;  ///< From 1 on; 0: all rows are wanted.
  std::uint64_t page_size_ = 0;
  std::string name_;                   ///< In lower case; empty: any.
  std::unique_ptr<re2::RE2> pattern_;  ///< In place of the name.
  std::vector<std::string> sort_columns_;
  bool is_reversed_ = false;
  Fault fault_;
};

}  // namespace lepus::server
