// lwIP's headers, for C++ with warnings on. They define names of the system's headers, which are
// not to be included beside them.
#pragma once

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/init.h>
#include <lwip/ip.h>
#include <lwip/ip6.h>
#include <lwip/nd6.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/stats.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>
#pragma GCC diagnostic pop

#include <algorithm>

#include "net/bypass/stack_api.h"
#include "net/dpdk/lwip/lwipopts.h"

namespace lepus::net::bypass {

inline ip_addr_t to_lwip(const Address& address) {
  ip_addr_t result{};
  std::copy(address.bytes.begin(), address.bytes.end(),
            reinterpret_cast<std::uint8_t*>(&result.u_addr));
  IP_SET_TYPE_VAL(result, address.is_v6 ? IPADDR_TYPE_V6 : IPADDR_TYPE_V4);
  return result;
}

inline Address from_lwip(const ip_addr_t& address) {
  Address result;
  result.is_v6 = IP_IS_V6_VAL(address);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&address.u_addr);
  std::copy(bytes, bytes + (result.is_v6 ? 16 : 4), result.bytes.begin());
  return result;
}

}  // namespace lepus::net::bypass
