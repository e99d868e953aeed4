// The router of one exchange: one of several kinds behind one face. A variant instead of a virtual
// call lets the compiler inline the visitor, which is most of the work of a route.
#pragma once

#include <string_view>
#include <utility>
#include <variant>

#include "core/base/bytes.h"
#include "core/exchange/direct.h"
#include "core/exchange/fanout.h"
#include "core/exchange/hash.h"
#include "core/exchange/headers.h"
#include "core/exchange/topic.h"
#include "core/topology/binding.h"
#include "core/topology/topology_change.h"

namespace lepus::core {

class ExchangeRouter {
 public:
  explicit ExchangeRouter(ExchangeType type) {
    switch (type) {
      case ExchangeType::direct:
        break;
      case ExchangeType::fanout:
        router_.emplace<FanoutRouter>();
        break;
      case ExchangeType::topic:
        router_.emplace<TopicRouter>();
        break;
      case ExchangeType::headers:
        router_.emplace<HeadersRouter>();
        break;
      case ExchangeType::consistent_hash:
        router_.emplace<HashRouter>(true);
        break;
      case ExchangeType::modulus_hash:
      case ExchangeType::random:
      case ExchangeType::local_random:
        router_.emplace<HashRouter>(false);
        break;
      case ExchangeType::delayed_message:
      case ExchangeType::recent_history:
        break;  // They route as another type.
    }
  }

  void add(Binding& binding) {
    std::visit([&](auto& router) { router.add(binding); }, router_);
  }
  void remove(Binding& binding) {
    std::visit([&](auto& router) { router.remove(binding); }, router_);
  }

  /// Direct and topic: what a routing key matches.
  template <class Visit>
  void match_key(std::string_view key, Visit&& visit) const {
    if (const auto* direct = std::get_if<DirectRouter>(&router_)) {
      direct->match(key, visit);
    } else if (const auto* topic = std::get_if<TopicRouter>(&router_)) {
      topic->match(key, visit);
    }
  }
  /// Fanout and headers: what a message matches whatever its keys.
  template <class Visit>
  void match_message(Bytes headers, Visit&& visit) const {
    if (const auto* fanout = std::get_if<FanoutRouter>(&router_)) {
      fanout->match(visit);
    } else if (const auto* by_headers = std::get_if<HeadersRouter>(&router_)) {
      by_headers->match(headers, visit);
    }
  }
  /// Those that choose one binding: which one this number means.
  template <class Visit>
  void match_number(std::uint64_t number, Visit&& visit) const {
    if (const auto* hash = std::get_if<HashRouter>(&router_)) hash->match(number, visit);
  }

 private:
  std::variant<DirectRouter, FanoutRouter, TopicRouter, HeadersRouter, HashRouter> router_;
};

}  // namespace lepus::core
