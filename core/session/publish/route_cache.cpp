// Working a route out.
#include "core/session/publish/route_cache.h"

namespace lepus::core {

void RouteCache::store(const Topology& topology, const ExchangeInfo& exchange,
                       std::string_view key) {
  CHECK(topology.version() > 0);
  info_ = &exchange;
  exchange_ = exchange.name;
  key_ = key;
  route_.clear();
  topology.route(exchange, {key_, {}, {}}, route_);
  version_ = topology.version();
}

}  // namespace lepus::core
