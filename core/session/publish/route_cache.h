// The route of the last exchange and routing key that a session published with. It holds while the
// topology's version stays; where headers, a property or chance have a say (RouteResult::
// needs_headers()) it says only that publishing there is allowed, and each message is routed.
//
// A change of access is a change of the topology too, so that a kept route stands for the
// permission to publish as well.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/topology/topology.h"

namespace lepus::core {

class RouteCache {
 public:
  /// Returns true if this exchange and key were stored last, and the topology is as it was then.
  bool contains(const Topology& topology, std::string_view exchange, std::string_view key) const {
    return version_ == topology.version() && exchange_ == exchange && key_ == key;
  }
  /// Forgets the route.
  void clear() { version_ = 0; }
  /// Works the route out and keeps it.
  void store(const Topology& topology, const ExchangeInfo& exchange, std::string_view key);
  /// Returns the route of any message with the stored exchange and key; null when the topology
  /// changed since or each message is to be routed.
  const RouteResult* find(const Topology& topology) const {
    const bool is_good = version_ == topology.version() && !route_.needs_headers();
    return is_good ? &route_ : nullptr;
  }
  /// Of what find() returned.
  const ExchangeInfo& info() const { return *info_; }
  /// What was stored last.
  const std::string& exchange() const { return exchange_; }
  const std::string& key() const { return key_; }

 private:
  std::string exchange_;
  std::string key_;
  std::uint64_t version_ = 0;  ///< Of the topology; 0: nothing is kept.
  RouteResult route_;
  const ExchangeInfo* info_ = nullptr;  ///< Good as long as the route is.
};

}  // namespace lepus::core
