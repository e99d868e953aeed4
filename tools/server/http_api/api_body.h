// Fields of a request's body, with RabbitMQ's refusals where one is missing or is not what it has
// to be. Each of these answers the call when it returns false or nothing.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/server/http_api/api_call.h"

namespace lepus::server {

/// {"error":"bad_request","reason":["not_boolean","maybe"]}
void refuse_value(ApiCall& call, std::string_view what, const ApiCall::Json& value);

/// "[{key_missing,configure},{key_missing,write}]". A null counts as missing.
[[nodiscard]] bool require_keys(ApiCall& call, const ApiCall::Json& body,
                                std::initializer_list<std::string_view> keys);
/// A text; `preset` when it is not there.
std::optional<std::string> read_text(ApiCall& call, const ApiCall::Json& body, std::string_view key,
                                     std::string_view preset = {});
/// true, false, "true" or "false"; false when it is not there.
std::optional<bool> read_flag(ApiCall& call, const ApiCall::Json& body, std::string_view key);
/// A whole number, or a text of one.
std::optional<std::int64_t> read_integer(ApiCall& call, const ApiCall::Json& body,
                                         std::string_view key);
/// A list of texts, or one text with commas.
std::optional<std::vector<std::string>> read_words(ApiCall& call, const ApiCall::Json& body,
                                                   std::string_view key);
/// JSON as one text; bytes that are no UTF-8 are replaced.
std::string dump(const ApiCall::Json& json);

/// A row of a list that is written at once: for lists that are short, or rows that may go.
struct ApiRow {
  std::string vhost;  ///< Empty: of none.
  std::string name;
  std::string json;
};
/// Answers with the rows, filtered, sorted, cut and in pages as the query says.
void reply_rows(ApiCall& call, std::vector<ApiRow> rows,
                std::vector<std::string> default_sort = {"vhost", "name"});

}  // namespace lepus::server
