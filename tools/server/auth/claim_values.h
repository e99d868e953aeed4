// Texts in the claims of a token, as RabbitMQ finds them. Pure.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

namespace lepus::server {

/// Adds what stands between blanks.
void add_words(std::string_view text, std::vector<std::string>& out);

/// A text of words, or a list of them; nothing of anything else.
std::vector<std::string> words_of(const simdjson::dom::element& value);

/// The scopes of the claim that `path` names: its name, or names of objects separated by dots, each
/// in the one before or in those of a list. An object in place of a text has, under
/// `resource_server`, scopes without their prefix.
std::vector<std::string> scopes_at(const simdjson::dom::object& claims, std::string_view path,
                                   std::string_view resource_server);

}  // namespace lepus::server
