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

// ---- Unix sockets: what is said of one may come before its path ----

ListenAddress& unix_listener(ServerConfig& config, std::string_view name) {
  for (ListenAddress& known : config.listeners)
    if (known.kind == ListenerKind::unix_socket && known.name == name) return known;
  config.listeners.push_back({std::string{name}, {}, 0, ListenerKind::unix_socket});
  return config.listeners.back();
}

SetOutcome set_unix_listener(ServerConfig& config, const KeyText& given) {
  if (given.value == "none") {
    remove_listeners(config, ListenerKind::unix_socket, given.variable);
    return taken();
  }
  if (!given.value.starts_with('/') || given.value.ends_with('/')) return refused();
  unix_listener(config, given.variable).path = given.value;
  return taken();
}

SetOutcome set_unix_mode(ServerConfig& config, const KeyText& given) {
  constexpr std::uint32_t mode_max = 0777;
  std::uint32_t mode = 0;
  for (const char digit : given.value) {
    if (digit < '0' || digit > '7' || mode > mode_max) return refused();
    mode = mode * 8 + static_cast<std::uint32_t>(digit - '0');
  }
  if (given.value.size() < 3 || mode > mode_max) return refused();
  unix_listener(config, given.variable).mode = mode;
  return taken();
}

std::string show_unix_modes(const ServerConfig& config) {
  std::vector<std::string> modes;
  for (const ListenAddress& address : config.listeners)
    if (address.kind == ListenerKind::unix_socket)
      modes.push_back(fmt::format("{}:{:04o}", address.name, address.mode));
  return fmt::format("{}", fmt::join(modes, ","));
}

// ---- Proxies ----

SetOutcome set_proxy_sources(ServerConfig& config, const KeyText& given) {
  if (given.value == "all") {
    config.tcp.proxy_trusted_sources = net::all_ranges();
    return taken();
  }
  std::vector<net::AddressRange> ranges;
  for (const std::string_view part : split_list(given.value)) {
    auto range = net::AddressRange::parse(part);
    if (!range) return refused(fmt::format("'{}' is no such range", part));
    ranges.push_back(std::move(*range));
  }
  if (ranges.empty()) return refused();
  config.tcp.proxy_trusted_sources = std::move(ranges);
  return taken();
}

std::string show_proxy_sources(const ServerConfig& config) {
  std::vector<std::string_view> texts;
  for (const net::AddressRange& range : config.tcp.proxy_trusted_sources)
    texts.push_back(range.text());
  return fmt::format("{}", fmt::join(texts, ","));
}

}  // namespace

constexpr Access proxy_sources = {set_proxy_sources, show_proxy_sources};
constexpr Access listener = {set_listener<ListenerKind::tcp>, show_listeners<ListenerKind::tcp>};
constexpr Access no_listeners = {set_no_listeners<ListenerKind::tcp>, show_nothing};
constexpr Access ssl_listener = {set_listener<ListenerKind::ssl>,
                                 show_listeners<ListenerKind::ssl>};
constexpr Access unix_listener_path = {set_unix_listener,
                                       show_listeners<ListenerKind::unix_socket>};
constexpr Access unix_listener_mode = {set_unix_mode, show_unix_modes};
constexpr Access no_ssl_listeners = {set_no_listeners<ListenerKind::ssl>, show_nothing};

}  // namespace lepus::server::access
