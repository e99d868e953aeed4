// getifaddrs(3) has a record for each address, and one of the link layer for each interface.
#include "io/interfaces.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <memory>

namespace lepus::io {

namespace {

std::string text_of(const sockaddr* address) {
  if (address == nullptr) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = nullptr;
  if (address->sa_family == AF_INET)
    bytes = &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
  if (address->sa_family == AF_INET6)
    bytes = &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  const bool is_shown =
      bytes != nullptr && inet_ntop(address->sa_family, bytes, text.data(), text.size()) != nullptr;
  return is_shown ? std::string{text.data()} : std::string{};
}

}  // namespace

std::vector<InterfaceAddress> interface_addresses() {
  std::vector<InterfaceAddress> all;
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return all;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner{first, freeifaddrs};
  std::vector<InterfaceAddress> bare;
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    const int family = one->ifa_addr == nullptr ? AF_UNSPEC : one->ifa_addr->sa_family;
    InterfaceAddress found{one->ifa_name, (one->ifa_flags & IFF_UP) != 0, {}, {}, {}};
    if (family != AF_INET && family != AF_INET6) {
      bare.push_back(std::move(found));
      continue;
    }
    found.family = family == AF_INET ? "inet" : "inet6";
    found.address = text_of(one->ifa_addr);
    found.netmask = text_of(one->ifa_netmask);
    all.push_back(std::move(found));
  }
  for (InterfaceAddress& one : bare) {
    const bool is_there = std::any_of(all.begin(), all.end(),
                                      [&](const auto& other) { return other.name == one.name; });
    if (!is_there) all.push_back(std::move(one));
  }
  return all;
}

}  // namespace lepus::io
