// Looking keys up, guessing what was meant, and writing the table as documentation.
#include "tools/server/config/config_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "tools/server/config/config_value.h"
#include "tools/server/config/rabbitmq/config_rabbitmq.h"

namespace lepus::server {

namespace {

/// A pattern split around its part with '$'; `variable` is empty when it has none.
struct Pattern {
  std::string_view before;
  std::string_view variable;
  std::string_view after;
};

Pattern split_pattern(std::string_view name) {
  const std::size_t dollar = name.find('$');
  if (dollar == std::string_view::npos) return {.before = name, .variable = {}, .after = {}};
  const std::size_t end = std::min(name.find('.', dollar), name.size());
  return {.before = name.substr(0, dollar),
          .variable = name.substr(dollar, end - dollar),
          .after = name.substr(end)};
}

/// Without a spec when `name` is no key of this pattern.
KeyMatch match_pattern(const KeySpec& spec, std::string_view name) {
  const Pattern first = split_pattern(spec.name);
  if (first.variable.empty() || !name.starts_with(first.before)) return {};
  const std::string_view rest = name.substr(first.before.size());
  const Pattern second = split_pattern(first.after);
  if (second.variable.empty()) {
    if (rest.size() <= first.after.size() || !rest.ends_with(first.after)) return {};
    return {.spec = &spec, .variable = rest.substr(0, rest.size() - first.after.size())};
  }
  const std::size_t middle = rest.find(second.before, 1);
  if (middle == std::string_view::npos) return {};
  const std::string_view end = rest.substr(middle + second.before.size());
  if (end.size() <= second.after.size() || !end.ends_with(second.after)) return {};
  return {.spec = &spec,
          .variable = rest.substr(0, middle),
          .second = end.substr(0, end.size() - second.after.size())};
}

/// The part of `name` with the given number, counted in dots; "" when it has not so many.
std::string_view part_at(std::string_view name, std::ptrdiff_t index) {
  for (; index > 0; --index) {
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos) return {};
    name = name.substr(dot + 1);
  }
  return name.substr(0, name.find('.'));
}

/// What a key of this pattern would be called if the wrong `name` were meant to be one.
std::string candidate_for(std::string_view pattern_text, std::string_view name) {
  const Pattern pattern = split_pattern(pattern_text);
  if (pattern.variable.empty()) return std::string(pattern_text);
  const auto index = std::count(pattern.before.begin(), pattern.before.end(), '.');
  const std::string_view part = part_at(name, index);
  const std::string begin =
      fmt::format("{}{}", pattern.before, part.empty() ? pattern.variable : part);
  const Pattern last = split_pattern(pattern.after);
  if (last.variable.empty()) return begin + std::string{pattern.after};
  const auto depth = std::count(begin.begin(), begin.end(), '.') +
                     std::count(last.before.begin(), last.before.end(), '.');
  const std::string_view last_part = part_at(name, depth);
  return fmt::format("{}{}{}{}", begin, last.before, last_part.empty() ? last.variable : last_part,
                     last.after);
}

void add_wrapped(std::string& out, std::string_view doc) {
  constexpr std::size_t width = 96;
  while (!doc.empty()) {
    std::size_t end = doc.size() <= width ? doc.size() : doc.rfind(' ', width);
    if (end == std::string_view::npos) end = doc.size();
    fmt::format_to(std::back_inserter(out), "## {}\n", doc.substr(0, end));
    doc = end < doc.size() ? doc.substr(end + 1) : std::string_view{};
  }
}

std::string_view reload_text(Reload reload) {
  switch (reload) {
    case Reload::at_once:
      return "at once";
    case Reload::new_connections:
      return "for new connections";
    case Reload::restart:
      return "after a restart";
    case Reload::new_data_dir:
      return "in a new data directory";
  }
  return "after a restart";
}

}  // namespace

KeyMatch find_key(std::string_view name) {
  KeyMatch best;
  for (const KeySpec& spec : config_keys()) {
    if (spec.name == name) return {.spec = &spec, .variable = {}};
    if (const KeyMatch match = match_pattern(spec, name); match.spec != nullptr) best = match;
  }
  return best;
}

namespace {

/// The candidate most like a name so far.
class Nearest {
 public:
  explicit Nearest(std::string_view name)
      : name_(name), distance_min_(std::max<std::size_t>(2, name.size() / 4) + 1) {}
  void look_at(std::string candidate) {
    const std::size_t distance = edit_distance(name_, candidate);
    if (distance >= distance_min_) return;
    distance_min_ = distance;
    best_ = std::move(candidate);
  }
  std::string take() { return std::move(best_); }

 private:
  const std::string_view name_;
  std::size_t distance_min_;
  std::string best_;
};

/// Keys that people expect and that are called otherwise.
struct OtherName {
  std::string_view wrong;
  std::string_view right;
};
constexpr std::array other_names = {
    OtherName{"log.level", "log.console.level"},
    OtherName{"log_level", "log.console.level"},
    OtherName{"log", "log.console"},
    OtherName{"port", "listeners.tcp.default"},
    OtherName{"listeners.default", "listeners.tcp.default"},
    OtherName{"tcp_listeners", "listeners.tcp.default"},
};

}  // namespace

std::string nearest_key(std::string_view name) {
  constexpr std::size_t size_max = 128;  // No key is longer, and finding is quadratic.
  if (name.size() > size_max) return {};
  for (const OtherName& other : other_names)
    if (other.wrong == name) return std::string(other.right);
  Nearest nearest(name);
  for (const KeySpec& spec : config_keys()) nearest.look_at(candidate_for(spec.name, name));
  for (const RabbitmqKey& key : rabbitmq_keys())
    nearest.look_at(rabbitmq_key_like(key.pattern, name));
  return nearest.take();
}

std::string format_config_example() {
  std::string out =
      "## Configuration of lepus: every key, commented out, with its default. Written by\n"
      "## `lepus --list-config`. Lines are `key = value`; `#` at the beginning or behind a blank\n"
      "## starts a comment; a value with such a `#`, or whose blanks count, is put between single\n"
      "## quotes.\n";
  std::string_view section;
  const ServerConfig defaults;
  for (const KeySpec& spec : config_keys()) {
    if (spec.section != section)
      fmt::format_to(std::back_inserter(out), "\n## ---- {} ----\n", spec.section);
    section = spec.section;
    out += '\n';
    add_wrapped(out, spec.doc);
    add_wrapped(out, fmt::format("Accepts: {}. A change takes effect {}.", spec.accepts,
                                 reload_text(spec.reload)));
    const std::string value = spec.show(defaults);
    fmt::format_to(std::back_inserter(out), "# {} ={}{}\n", spec.name, value.empty() ? "" : " ",
                   value);
  }
  return out;
}

std::string format_config_reference() {
  std::string out;
  std::string_view section;
  const ServerConfig defaults;
  for (const KeySpec& spec : config_keys()) {
    if (spec.section != section)
      fmt::format_to(std::back_inserter(out),
                     "{}### {}\n\n| key | default | accepts | what it is for | takes effect |\n"
                     "|---|---|---|---|---|\n",
                     section.empty() ? "" : "\n", spec.section);
    section = spec.section;
    const std::string value = spec.show(defaults);
    fmt::format_to(std::back_inserter(out), "| `{}` | {} | {} | {} | {} |\n", spec.name,
                   value.empty() ? std::string("-") : fmt::format("`{}`", value), spec.accepts,
                   spec.doc, reload_text(spec.reload));
  }
  return out;
}

}  // namespace lepus::server
