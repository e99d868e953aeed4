// Expressions are compared without blanks and without the dot at their end; one star in a pattern
// stands for what varies.
#include "tools/server/admin/admin_eval.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "tools/server/config/config.h"
#include "tools/server/config/config_keys.h"
#include "tools/server/config/config_value.h"
#include "tools/server/definitions/cluster_name.h"

namespace lepus::server {

namespace {

struct Expression {
  std::string_view pattern;
  Evaluated (*evaluate)(std::string_view part, const EvalPlace& place);
};

std::string_view text_of(bool value) { return value ? "true" : "false"; }

/// "memory" or "disk" of resource alarms; false: neither.
bool name_alarm(std::string_view source, core::Alarm& alarm, bool is_on) {
  if (source == "memory") alarm.memory = is_on;
  if (source == "disk") alarm.disk = is_on;
  return source == "memory" || source == "disk";
}

template <bool IsOn>
Evaluated force_alarm(std::string_view source, const EvalPlace& place) {
  core::Alarm forced = place.broker.state().forced;
  if (!name_alarm(source, forced, IsOn))
    return {{}, fmt::format("'{}' is no resource that an alarm is about: memory, disk", source)};
  place.broker.tell_control(ForceAlarm{forced});
  return {"ok", {}};
}

/// [{{resource_limit,memory,'lepus@host'},[]}]
Evaluated list_alarms(std::string_view, const EvalPlace& place) {
  std::string list;
  const core::Alarm& alarm = place.broker.state().alarm;
  for (const auto& [name, is_on] :
       {std::pair{"memory", alarm.memory}, std::pair{"disk", alarm.disk}})
    if (is_on)
      list += fmt::format("{}{{{{resource_limit,{},'{}'}},[]}}", list.empty() ? "" : ",", name,
                          place.node);
  return {"[" + list + "]", {}};
}

/// <<"guest">> as guest.
std::string_view text_of_term(std::string_view term) {
  const bool is_binary = term.size() >= 6 && term.starts_with("<<\"") && term.ends_with("\">>");
  return is_binary ? term.substr(3, term.size() - 6) : term;
}

/// [<<"guest">>,<<"app">>]: a line of the configuration for each user.
std::string set_loopback_users(std::string_view list, AdminHost& host) {
  if (list.size() < 2 || list.front() != '[' || list.back() != ']') return "expected a list";
  std::string error = host.set_value("loopback_users", "none");
  for (const std::string_view text : split_list(list.substr(1, list.size() - 2)))
    if (error.empty())
      error = host.set_value(fmt::format("loopback_users.{}", text_of_term(text)), "true");
  return error;
}

/// "channel_max,2048"
Evaluated set_env(std::string_view part, const EvalPlace& place) {
  const std::size_t comma = part.find(',');
  if (comma == std::string_view::npos) return {{}, "expected a key and a value"};
  const std::string_view key = part.substr(0, comma);
  const std::string_view value = part.substr(comma + 1);
  std::string error = key == "loopback_users" ? set_loopback_users(value, place.host)
                                              : place.host.set_value(key, text_of_term(value));
  if (!error.empty()) return {{}, std::move(error)};
  return {"ok", {}};
}

Evaluated get_env(std::string_view key, const EvalPlace& place) {
  const KeyMatch match = find_key(key);
  if (match.spec == nullptr || key.find("pass") != std::string_view::npos) return {"undefined", {}};
  return {fmt::format("{{ok,{}}}", match.spec->show(place.host.config())), {}};
}

Evaluated watermark(std::string_view, const EvalPlace& place) {
  const MemoryWatermark& mark = place.host.config().memory_watermark;
  if (mark.is_relative) return {fmt::format("{}", mark.fraction), {}};
  return {fmt::format("{{absolute,{}}}", mark.size), {}};
}

Evaluated disk_limit(std::string_view, const EvalPlace& place) {
  return {fmt::format("{}", place.host.facts().disk_free_min_bytes), {}};
}

Evaluated is_serving(std::string_view, const EvalPlace& place) {
  return {std::string{text_of(place.broker.state().is_serving)}, {}};
}

Evaluated node_name_of(std::string_view, const EvalPlace& place) {
  return {fmt::format("'{}'", place.node), {}};
}
Evaluated cluster_name(std::string_view, const EvalPlace& place) {
  return {
      fmt::format("<<\"{}\">>", cluster_name_with(place.host.config(), place.broker.topology())),
      {}};
}
Evaluated data_directory(std::string_view, const EvalPlace& place) {
  return {fmt::format("\"{}\"", place.host.config().data_dir), {}};
}
/// What RabbitMQ's guide says for renewed certificates.
Evaluated reload_certificates(std::string_view, const EvalPlace& place) {
  if (std::string error = place.host.reload_certificates(); !error.empty())
    return {{}, std::move(error)};
  return {"ok", {}};
}

Evaluated nobody(std::string_view, const EvalPlace&) { return {"[]", {}}; }
Evaluated never(std::string_view, const EvalPlace&) { return {"false", {}}; }

constexpr std::array expressions{
    Expression{"rabbit_alarm:set_alarm({{resource_limit,*,node()},[]})", force_alarm<true>},
    Expression{"rabbit_alarm:clear_alarm({resource_limit,*,node()})", force_alarm<false>},
    Expression{"rabbit_alarm:get_alarms()", list_alarms},
    Expression{"rabbit:alarms()", list_alarms},
    Expression{"application:set_env(rabbit,*)", set_env},
    Expression{"application:get_env(rabbit,*)", get_env},
    Expression{"vm_memory_monitor:get_vm_memory_high_watermark()", watermark},
    Expression{"rabbit_disk_monitor:get_disk_free_limit()", disk_limit},
    Expression{"rabbit:is_running()", is_serving},
    Expression{"rabbit:is_booted(node())", is_serving},
    Expression{"rabbit_mnesia:is_clustered()", never},
    Expression{"rabbit_mnesia:dir()", data_directory},
    Expression{"rabbit:data_dir()", data_directory},
    Expression{"rabbit_nodes:cluster_name()", cluster_name},
    Expression{"ssl:clear_pem_cache()", reload_certificates},
    Expression{"node()", node_name_of},
    Expression{"nodes()", nobody},
};

/// Without blanks, but for those between quotes, and without the dot at the end.
std::string condense(std::string_view text) {
  std::string short_text;
  bool in_quotes = false;
  for (const char letter : text) {
    if (letter == '"') in_quotes = !in_quotes;
    const bool is_blank = letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r';
    if (in_quotes || !is_blank) short_text += letter;
  }
  if (short_text.ends_with('.')) short_text.pop_back();
  return short_text;
}

/// What the star stands for; nothing: it is another expression.
std::optional<std::string_view> match(std::string_view pattern, std::string_view text) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos)
    return pattern == text ? std::optional{std::string_view{}} : std::nullopt;
  const std::string_view begin = pattern.substr(0, star);
  const std::string_view end = pattern.substr(star + 1);
  if (text.size() < begin.size() + end.size()) return std::nullopt;
  if (!text.starts_with(begin) || !text.ends_with(end)) return std::nullopt;
  return text.substr(begin.size(), text.size() - begin.size() - end.size());
}

std::string unknown(std::string_view expression) {
  std::string known;
  for (const Expression& one : expressions) known += fmt::format("\n  {}", one.pattern);
  return fmt::format(
      "there is no Erlang here that could evaluate '{}'. These expressions are known, the star "
      "stands for what varies:{}",
      expression, known);
}

}  // namespace

Evaluated evaluate(std::string_view expression, const EvalPlace& place) {
  const std::string text = condense(expression);
  for (const Expression& one : expressions)
    if (const auto part = match(one.pattern, text)) return one.evaluate(*part, place);
  return {{}, unknown(expression)};
}

}  // namespace lepus::server
