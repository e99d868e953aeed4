// See api_paging.h.
#include "tools/server/http_api/api_paging.h"

#include <re2/re2.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "core/base/assert.h"
#include "tools/server/http_api/api_settings.h"

namespace lepus::server {

namespace dom = simdjson::dom;

namespace {

constexpr std::string_view invalid_text = "Pagination parameters are invalid";

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || end.ec != std::errc{} || end.ptr != text.data() + text.size())
    return std::nullopt;
  return value;
}

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

std::string lower_text(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

}  // namespace

SortKey key_in_json(const std::string& json, std::string_view column) {
  dom::parser parser;
  dom::element value;
  if (parser.parse(json).get(value) != simdjson::SUCCESS) return SortKey::missing();
  while (!column.empty()) {
    const std::size_t end = std::min(column.find('.'), column.size());
    dom::object object;
    if (value.get(object) != simdjson::SUCCESS ||
        object.at_key(column.substr(0, end)).get(value) != simdjson::SUCCESS)
      return SortKey::missing();
    column.remove_prefix(std::min(end + 1, column.size()));
  }
  double number = 0;
  if (value.get(number) == simdjson::SUCCESS) return SortKey::of_number(number);
  bool is_true = false;
  if (value.get(is_true) == simdjson::SUCCESS) return SortKey::of_boolean(is_true);
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return SortKey::of_text(text);
  return SortKey::missing();
}

ApiPaging::ApiPaging(const ApiQuery& query, std::vector<std::string> default_sort)
    : sort_columns_(std::move(default_sort)), is_reversed_(query.is_true("sort_reverse")) {
  if (const std::string_view sort = query.get("sort"); !sort.empty()) {
    std::erase(sort_columns_, sort);
    sort_columns_.emplace(sort_columns_.begin(), sort);
  }
  read_page(query);
  if (fault_.error.empty() && has_page()) read_filter(query);
}

ApiPaging::~ApiPaging() = default;

void ApiPaging::read_page(const ApiQuery& query) {
  const std::string* page = query.find("page");
  const std::string* size = query.find("page_size");
  const auto page_number = page == nullptr ? std::nullopt : parse_integer(*page);
  const auto size_number = size == nullptr ? std::nullopt : parse_integer(*size);
  if ((page != nullptr && !page_number) || (size != nullptr && !size_number)) {
    fault_ = {"bad_request", std::string{invalid_text}};
    return;
  }
  if (!page_number) return;
  const std::int64_t wanted =
      size_number.value_or(static_cast<std::int64_t>(api_page_size_default));
  if (*page_number < 1 || wanted < 1 || wanted > static_cast<std::int64_t>(api_page_size_max)) {
    fault_ = {"invalid_pagination_parameters",
              fmt::format("Invalid pagination parameters: page number {}, page size {}",
                          *page_number, size_number ? fmt::format("{}", wanted) : "undefined")};
    return;
  }
  page_ = static_cast<std::uint64_t>(*page_number);
  page_size_ = static_cast<std::uint64_t>(wanted);
}

void ApiPaging::read_filter(const ApiQuery& query) {
  const std::string_view name = query.get("name");
  if (name.empty()) return;
  if (!query.is_true("use_regex")) {
    name_ = lower_text(name);
    return;
  }
  re2::RE2::Options options;
  options.set_case_sensitive(false);
  options.set_log_errors(false);
  options.set_max_mem(api_pattern_memory_max);
  pattern_ = std::make_unique<re2::RE2>(re2::StringPiece{name.data(), name.size()}, options);
  if (!pattern_->ok()) fault_ = {"bad_request", std::string{invalid_text}};
}

bool ApiPaging::accepts(std::string_view name) const {
  if (pattern_ != nullptr)
    return re2::RE2::PartialMatch(re2::StringPiece{name.data(), name.size()}, *pattern_);
  if (name_.empty()) return true;
  return std::search(name.begin(), name.end(), name_.begin(), name_.end(),
                     [](char left, char right) { return lower(left) == right; }) != name.end();
}

ApiPaging::Range ApiPaging::range(std::uint64_t filtered_count) const {
  if (!has_page()) return {0, filtered_count};
  const bool is_far = page_ - 1 > filtered_count / page_size_;
  const std::uint64_t first = is_far ? filtered_count : (page_ - 1) * page_size_;
  if (is_far || first > filtered_count)
    return {0,
            0,
            {"page_out_of_range", fmt::format("Page out of range, page: {} page size: {}, len: {}",
                                              page_, page_size_, filtered_count)}};
  return {first, std::min(page_size_, filtered_count - first)};
}

void ApiPaging::write_fields(const Counts& counts, JsonWriter& json) const {
  CHECK(has_page());
  json.field("filtered_count", counts.filtered);
  json.field("item_count", counts.items);
  json.field("page", page_);
  json.field("page_count", (counts.filtered + page_size_ - 1) / page_size_);
  json.field("page_size", page_size_);
  json.field("total_count", counts.total);
}

}  // namespace lepus::server
