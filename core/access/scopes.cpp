// See scopes.h.
#include "core/access/scopes.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/base/assert.h"

namespace lepus::core {

namespace {

std::optional<int> hex_digit(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
  return std::nullopt;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool has_two = text[i] == '%' && i + 2 < text.size();
    const auto high = has_two ? hex_digit(text[i + 1]) : std::nullopt;
    const auto low = has_two ? hex_digit(text[i + 2]) : std::nullopt;
    if (high && low) {
      out += static_cast<char>(*high * 16 + *low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<std::string_view> split_at(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

ScopePattern::ScopePattern(std::string_view text) {
  for (const std::string_view part : split_at(text, '*')) parts_.push_back(percent_decoded(part));
  CHECK(!parts_.empty());
}

/// The first and the last part stand at the ends; each between them as early as it can.
bool ScopePattern::matches(std::string_view text) const {
  if (parts_.size() == 1) return text == parts_.front();
  if (!text.starts_with(parts_.front())) return false;
  text.remove_prefix(parts_.front().size());
  if (!text.ends_with(parts_.back())) return false;
  text.remove_suffix(parts_.back().size());
  for (std::size_t i = 1; i + 1 < parts_.size(); ++i) {
    const std::size_t at = text.find(parts_[i]);
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + parts_[i].size());
  }
  return true;
}

Scopes::Scopes(const std::vector<std::string>& texts) {
  using Prefix = std::pair<std::string_view, Permission>;
  constexpr std::array prefixes = {Prefix{"read:", Permission::read},
                                   Prefix{"write:", Permission::write},
                                   Prefix{"configure:", Permission::configure}};
  constexpr std::string_view tag_prefix = "tag:";
  for (const std::string& text : texts) {
    const std::string_view scope = text;
    if (scope.starts_with(tag_prefix)) tags_.emplace_back(scope.substr(tag_prefix.size()));
    for (const auto& [prefix, permission] : prefixes)
      if (scope.starts_with(prefix)) add(permission, scope.substr(prefix.size()));
  }
}

void Scopes::add(Permission permission, std::string_view pattern) {
  const std::vector<std::string_view> parts = split_at(pattern, '/');
  if (parts.size() != 2 && parts.size() != 3) return;
  scopes_.push_back({permission, ScopePattern{parts[0]}, ScopePattern{parts[1]},
                     ScopePattern{parts.size() == 3 ? parts[2] : "*"}});
}

bool Scopes::allow_vhost(std::string_view vhost) const {
  return std::any_of(scopes_.begin(), scopes_.end(),
                     [&](const Scope& scope) { return scope.vhost.matches(vhost); });
}

bool Scopes::allow(std::string_view vhost, const AccessQuestion& question) const {
  const std::string_view name = name_of(question);
  return std::any_of(scopes_.begin(), scopes_.end(), [&](const Scope& scope) {
    return scope.permission == question.permission && scope.vhost.matches(vhost) &&
           scope.name.matches(name);
  });
}

bool Scopes::allow(std::string_view vhost, const TopicQuestion& question) const {
  return std::any_of(scopes_.begin(), scopes_.end(), [&](const Scope& scope) {
    return scope.permission == question.permission && scope.vhost.matches(vhost) &&
           scope.name.matches(question.exchange) && scope.key.matches(question.key);
  });
}

}  // namespace lepus::core
