// See http_question.h.
#include "tools/server/auth/http_question.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cctype>
#include <initializer_list>
#include <iterator>

#include "core/base/assert.h"

namespace lepus::server {

namespace {

using core::AuthAnswer;
using core::AuthQuestion;
using Asked = AuthQuestion::Kind;

struct Parameter {
  std::string_view name;
  std::string_view value;
};

void append(std::string& out, std::initializer_list<Parameter> parameters) {
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out += '&';
    out += name;
    out += '=';
    append_url_encoded(out, value);
  }
}

std::string parameters_of(const AuthQuestion& question) {
  std::string out;
  append(out, {{"username", question.user}});
  if (question.kind == Asked::user) {
    if (question.password) append(out, {{"password", *question.password}});
    return out;
  }
  append(out, {{"vhost", question.vhost}});
  if (question.kind == Asked::vhost) {
    append(out, {{"ip", question.client_address}});
  } else {
    const std::string_view resource = question.kind == Asked::topic                    ? "topic"
                                      : question.resource == core::ResourceKind::queue ? "queue"
                                                                                       : "exchange";
    append(out, {{"resource", resource},
                 {"name", question.name},
                 {"permission", core::permission_name(question.permission)}});
    if (question.kind == Asked::topic) append(out, {{"routing_key", question.routing_key}});
  }
  append(out, {{"tags", fmt::format("{}", fmt::join(question.tags, " "))}});
  return out;
}

const std::string& path_of(const AuthHttpConfig& config, Asked kind) {
  switch (kind) {
    case Asked::user:
      return config.user_path;
    case Asked::vhost:
      return config.vhost_path;
    case Asked::resource:
      return config.resource_path;
    case Asked::topic:
      break;
  }
  return config.topic_path;
}

bool is_blank(char letter) { return std::isspace(static_cast<unsigned char>(letter)) != 0; }

/// As RabbitMQ reads it: without blanks around it, and in small letters.
std::string normal(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  std::string out{text};
  for (char& letter : out)
    letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return out;
}

/// What stands behind `word`, which must stand alone. Nothing: it does not begin with it.
std::optional<std::string_view> behind(std::string_view text, std::string_view word) {
  if (!text.starts_with(word)) return std::nullopt;
  text.remove_prefix(word.size());
  if (!text.empty() && !is_blank(text.front())) return std::nullopt;
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char letter : text) {
    if (!is_blank(letter)) {
      word += letter;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

/// Of what a service sent, so much goes into a log.
constexpr std::size_t shown_max = 100;

AuthAnswer answered(AuthAnswer::Kind kind, std::string text) {
  AuthAnswer answer;
  answer.kind = kind;
  answer.text = std::move(text);
  return answer;
}

}  // namespace

void append_url_encoded(std::string& out, std::string_view text) {
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (std::isalnum(byte) != 0 || std::string_view{"-_.~"}.find(letter) != std::string_view::npos)
      out += letter;
    else
      fmt::format_to(std::back_inserter(out), "%{:02X}", byte);
  }
}

HttpQuestion make_http_question(const AuthHttpConfig& config, const AuthQuestion& question) {
  const std::string& path = path_of(config, question.kind);
  std::string parameters = parameters_of(question);
  if (config.posts) return {path, std::move(parameters)};
  const char separator = path.find('?') == std::string::npos ? '?' : '&';
  return {path + separator + parameters, {}};
}

AuthAnswer read_http_answer(Asked kind, long status, std::string_view body) {
  if (status != 200 && status != 201)
    return answered(AuthAnswer::Kind::failed,
                    fmt::format("the authentication service answered with status {}", status));
  const std::string text = normal(body);
  if (const auto reason = behind(text, "deny"))
    return answered(AuthAnswer::Kind::refused,
                    reason->empty() ? std::string{"Denied by the backing HTTP service"}
                                    : fmt::format("Denied by the backing HTTP service: {}",
                                                  reason->substr(0, shown_max)));
  const auto tags = behind(text, "allow");
  if (!tags || (kind != Asked::user && !tags->empty()))
    return answered(
        AuthAnswer::Kind::failed,
        fmt::format("the authentication service answered neither allow nor deny but '{}'",
                    std::string_view{text}.substr(0, shown_max)));
  AuthAnswer answer = answered(AuthAnswer::Kind::allowed, {});
  answer.tags = words_of(*tags);
  return answer;
}

}  // namespace lepus::server
