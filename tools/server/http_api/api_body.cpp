// See api_body.h.
#include "tools/server/http_api/api_body.h"

#include <charconv>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tools/server/config/config_value.h"
#include "tools/server/http_api/api_listing.h"

namespace lepus::server {

using Json = ApiCall::Json;

namespace {

/// Erlang breaks lines of terms that are longer.
constexpr std::size_t term_line_max = 80;

const Json* find(const Json& body, std::string_view key) {
  const auto found = body.find(key);
  return found == body.end() || found->is_null() ? nullptr : &*found;
}

}  // namespace

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void refuse_value(ApiCall& call, std::string_view what, const Json& value) {
  JsonWriter json;
  json.begin_object();
  json.field("error", "bad_request");
  json.key("reason");
  json.begin_array();
  json.text(what);
  json.raw(dump(value));
  json.end_array();
  json.end_object();
  call.answer(400, json.take());
}

bool require_keys(ApiCall& call, const Json& body, std::initializer_list<std::string_view> keys) {
  std::vector<std::string> missing;
  std::size_t size = 2;
  for (const std::string_view key : keys) {
    if (find(body, key) != nullptr) continue;
    missing.push_back(fmt::format("{{key_missing,{}}}", key));
    size += missing.back().size() + 1;
  }
  if (missing.empty()) return true;
  call.bad_request(fmt::format("[{}]", fmt::join(missing, size > term_line_max ? ",\n " : ",")));
  return false;
}

std::optional<std::string> read_text(ApiCall& call, const Json& body, std::string_view key,
                                     std::string_view preset) {
  const Json* value = find(body, key);
  if (value == nullptr) return std::string{preset};
  if (value->is_string()) return value->get<std::string>();
  call.bad_request(fmt::format("{}: expected a text, got {}", key, dump(*value)));
  return std::nullopt;
}

std::optional<bool> read_flag(ApiCall& call, const Json& body, std::string_view key) {
  const Json* value = find(body, key);
  if (value == nullptr) return false;
  if (value->is_boolean()) return value->get<bool>();
  if (*value == "true") return true;
  if (*value == "false") return false;
  refuse_value(call, "not_boolean", *value);
  return std::nullopt;
}

std::optional<std::int64_t> read_integer(ApiCall& call, const Json& body, std::string_view key) {
  const Json* value = find(body, key);
  const Json missing;
  if (value == nullptr) value = &missing;
  if (value->is_number_integer() &&
      (!value->is_number_unsigned() || value->get<std::uint64_t>() <= INT64_MAX))
    return value->get<std::int64_t>();
  if (value->is_string()) {
    const auto& text = value->get_ref<const std::string&>();
    std::int64_t number = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
    if (end.ec == std::errc{} && end.ptr == text.data() + text.size() && !text.empty())
      return number;
  }
  refuse_value(call, "not_integer", *value);
  return std::nullopt;
}

std::optional<std::vector<std::string>> read_words(ApiCall& call, const Json& body,
                                                   std::string_view key) {
  std::vector<std::string> words;
  const Json* value = find(body, key);
  if (value == nullptr) return words;
  if (value->is_string()) {
    for (const std::string_view word : split_list(value->get_ref<const std::string&>()))
      words.emplace_back(word);
    return words;
  }
  bool is_list = value->is_array();
  for (std::size_t i = 0; is_list && i < value->size(); ++i) {
    is_list = (*value)[i].is_string();
    if (is_list) words.push_back((*value)[i].get<std::string>());
  }
  if (is_list) return words;
  call.bad_request(fmt::format("{}: expected a list of texts, or a text with commas, got {}", key,
                               dump(*value)));
  return std::nullopt;
}

// --- Rows

namespace {

struct RowKind {
  using Id = std::uint32_t;
  using Row = ApiRow;
  const Row* find(Id id) const { return &(*rows)[id]; }
  std::string_view vhost(const Row& row) const { return row.vhost; }
  std::string_view name(const Row& row) const { return row.name; }
  std::optional<SortKey> key(const Row&, std::string_view) const { return std::nullopt; }
  void write(const Row& row, JsonWriter& json) const { json.raw(row.json); }

  std::unique_ptr<std::vector<ApiRow>> rows;
};

}  // namespace

void reply_rows(ApiCall& call, std::vector<ApiRow> rows, std::vector<std::string> default_sort) {
  std::vector<std::uint32_t> ids(rows.size());
  for (std::uint32_t i = 0; i < ids.size(); ++i) ids[i] = i;
  reply_list(call, RowKind{std::make_unique<std::vector<ApiRow>>(std::move(rows))}, std::move(ids),
             std::move(default_sort));
}

}  // namespace lepus::server
