// Finding a key in the table, and one line for all keys of a subject.
#include "tools/server/config/rabbitmq/config_rabbitmq.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "tools/server/config/config_value.h"

namespace lepus::server {

namespace {

/// Warnings name so many keys and count the others.
constexpr std::size_t keys_named_max = 6;

/// Cuts the text up to the next dot off.
std::string_view take_part(std::string_view& text) {
  const std::size_t dot = text.find('.');
  const std::string_view part = text.substr(0, dot);
  text = dot == std::string_view::npos ? std::string_view{} : text.substr(dot + 1);
  return part;
}

bool matches(std::string_view pattern, std::string_view name) {
  while (!pattern.empty() && !name.empty()) {
    const std::string_view wanted = take_part(pattern);
    if (wanted == "*") return true;
    const std::string_view part = take_part(name);
    if (part.empty() || (part != wanted && !wanted.starts_with('$'))) return false;
  }
  return pattern.empty() && name.empty();
}

/// "lepus.conf" of "lepus.conf:12"; the whole when there is no line.
std::string_view file_of(std::string_view origin) { return origin.substr(0, origin.rfind(':')); }

/// " (line 12)" for a place in the same file as `first`, else " (other.conf:12)".
std::string place_text(std::string_view first, std::string_view origin) {
  if (file_of(first) != file_of(origin)) return fmt::format(" ({})", origin);
  const std::size_t colon = origin.rfind(':');
  if (colon == std::string_view::npos) return {};
  return fmt::format(" (line {})", origin.substr(colon + 1));
}

std::string line_of(const std::vector<const Setting*>& settings, const RabbitmqSubject& subject) {
  const bool stops = subject.decision == RabbitmqDecision::refused;
  const Setting& first = *settings.front();
  std::string line = fmt::format("{}: key '{}' {}", first.origin, first.key,
                                 stops ? "stops the start" : "has no effect");
  const std::size_t named = stops ? settings.size() : std::min(settings.size(), keys_named_max);
  for (std::size_t i = 1; i < named; ++i)
    line += fmt::format("{}{}{}",
                        i > 1   ? ", "
                        : stops ? ", and so do "
                                : ", nor have ",
                        settings[i]->key, place_text(first.origin, settings[i]->origin));
  if (named < settings.size()) line += fmt::format(" and {} more", settings.size() - named);
  return fmt::format("{}: {}", line, subject.text);
}

}  // namespace

const RabbitmqKey* find_rabbitmq_key(std::string_view name) {
  for (const RabbitmqKey& key : rabbitmq_keys())
    if (matches(key.pattern, name)) return &key;
  return nullptr;
}

bool is_harmless(const RabbitmqKey& key, std::string_view value) {
  const auto values = split_list(key.harmless);
  return std::find(values.begin(), values.end(), value) != values.end();
}

std::string rabbitmq_key_like(std::string_view pattern, std::string_view name) {
  std::string like;
  while (!pattern.empty()) {
    const std::string_view wanted = take_part(pattern);
    if (wanted == "*") return like + (name.empty() ? "*" : std::string(name));
    const std::string_view part = take_part(name);
    like += wanted.starts_with('$') && !part.empty() ? part : wanted;
    if (!pattern.empty()) like += '.';
  }
  return like;
}

void RabbitmqReport::add(const Setting& setting, const RabbitmqKey& key) {
  const auto [known, is_new] = index_.try_emplace(setting.key, found_.size());
  if (is_new)
    found_.push_back({&setting, &key});
  else
    found_[known->second].setting = &setting;
}

void RabbitmqReport::write(std::vector<std::string>& errors,
                           std::vector<std::string>& warnings) const {
  std::vector<const RabbitmqSubject*> subjects;
  for (const RabbitmqKey& key : rabbitmq_keys())
    if (std::find(subjects.begin(), subjects.end(), key.subject) == subjects.end())
      subjects.push_back(key.subject);
  for (const RabbitmqSubject* subject : subjects) {
    std::vector<const Setting*> settings;
    for (const Found& found : found_)
      if (found.key->subject == subject && !is_harmless(*found.key, found.setting->value))
        settings.push_back(found.setting);
    if (settings.empty()) continue;
    const bool stops = subject->decision == RabbitmqDecision::refused;
    (stops ? errors : warnings).push_back(line_of(settings, *subject));
  }
}

}  // namespace lepus::server
