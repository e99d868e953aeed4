// The keys of listeners: several of each kind, by name; see config_keys_access.h.
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "tools/server/config/config_keys_access.h"

namespace lepus::server::access {

namespace {

void remove_listeners(ServerConfig& config, ListenerKind kind, std::string_view name) {
  std::erase_if(config.listeners, [&](const ListenAddress& known) {
    return known.kind == kind && known.name == name;
  });
}

template <ListenerKind Kind>
SetOutcome set_listener(ServerConfig& config, const KeyText& given) {
  remove_listeners(config, Kind, given.variable);
  if (given.value == "none") return taken();
  if (given.value.starts_with("unix:") || given.value.starts_with('/'))
    return refused("a unix socket is named by listeners.unix");
  auto address = parse_listen_address(given.value);
  if (!address) return refused();
  address->name = given.variable;
  address->kind = Kind;
  config.listeners.push_back(std::move(*address));
  return taken();
}

template <ListenerKind Kind>
SetOutcome set_no_listeners(ServerConfig& config, const KeyText& given) {
  if (given.value != "none") return refused();
  std::erase_if(config.listeners, [](const auto& address) { return address.kind == Kind; });
  return taken();
}

template <ListenerKind Kind>
std::string show_listeners(const ServerConfig& config) {
  std::vector<std::string> addresses;
  for (const ListenAddress& address : config.listeners)
    if (address.kind == Kind) addresses.push_back(format_listen_address(address));
  return fmt::format("{}", fmt::join(addresses, ","));
}

}  // namespace

constexpr Access listener = {set_listener<ListenerKind::tcp>, show_listeners<ListenerKind::tcp>};
constexpr Access no_listeners = {set_no_listeners<ListenerKind::tcp>, show_nothing};
constexpr Access ssl_listener = {set_listener<ListenerKind::ssl>,
                                 show_listeners<ListenerKind::ssl>};
constexpr Access no_ssl_listeners = {set_no_listeners<ListenerKind::ssl>, show_nothing};

}  // namespace lepus::server::access
constexpr Access unix_listener_path = {set_unix_listener,
                                       show_listeners<ListenerKind::unix_socket>};
constexpr Access unix_listener_mode = {set_unix_mode, show_unix_modes};
