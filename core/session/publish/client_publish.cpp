// Routing by all that a message carries.
#include "core/session/publish/client_publish.h"

#include "core/message/properties.h"

namespace lepus::core {

const ExchangeInfo* route_publish(const Topology& topology, VhostId vhost,
                                  const ClientPublish& publish, RouteResult& out) {
  const Message& message = *publish.message;
  const ExchangeInfo* exchange = topology.find_exchange(vhost, message.exchange());
  if (exchange == nullptr) return nullptr;
  PropertiesView view;
  CHECK(decode_properties(message.properties(), view));
  const std::vector<std::string_view> cc_keys(publish.cc_keys.begin(), publish.cc_keys.end());
  topology.route(*exchange, {message.routing_key(), view.headers, cc_keys, &view}, out);
  return exchange;
}

}  // namespace lepus::core
