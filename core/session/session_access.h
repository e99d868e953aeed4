// What the user of a session may do, asked for by each method where RabbitMQ asks. The answers are
// core/access/access_rules.h's; what was allowed is remembered while the access stays as it is: the
// last few questions, and for publishing the last exchange. Of a user whose rights are given
// elsewhere (core/access/rights.h) nothing is remembered here, and an error may be undecided.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/access/access_rules.h"
#include "core/amqp_error.h"
#include "core/message/properties.h"
#include "core/session/session_owner.h"
#include "core/topology/topology.h"
#include "core/topology/topology_request.h"

namespace lepus::core {

/// The exchange that a session published to last, which its user may write to.
class PublishAccess {
 public:
  /// Returns true if writing to this exchange was allowed by the access of this version.
  bool contains(std::uint64_t version, ExchangeId exchange) const {
    return version_ == version && exchange_ == exchange;
  }
  /// `keys`: the routing keys that are allowed, good for this version; null: all are.
  void store(std::uint64_t version, ExchangeId exchange, const AccessPattern* keys);
  const AccessPattern* keys() const { return keys_; }

 private:
  std::uint64_t version_ = 0;  ///< 0: nothing is remembered.
  ExchangeId exchange_;
  const AccessPattern* keys_ = nullptr;
};

/// Each permit function returns a 403, or nothing when it is allowed.
class SessionAccess {
 public:
  /// Both outlive this object.
  SessionAccess(const Topology& topology, const SessionOwner& owner)
      : topology_(topology), owner_(owner) {}

  Refusal permit(const AccessQuestion& question);
  /// Of a queue or an exchange. A name in the arguments that leads messages on needs more: the user
  /// must be able to publish there, and to read where they come from.
  Refusal permit_declare(const TopologyRequest& request);
  /// Binding and unbinding: writes to the destination (of this kind), reads from the source.
  Refusal permit_binding(const TopologyRequest& request, ResourceKind destination);

  struct PublishTarget {
    const ExchangeInfo* exchange;  ///< Null: there is none by this name that anybody publishes to.
    std::string_view name;
    std::string_view key;
  };
  Refusal permit_publish(const PublishTarget& target);
  /// The keys of CC and BCC, which matter at a topic exchange.
  Refusal permit_cc_keys(std::string_view exchange_name, std::span<const std::string> keys);
  /// Returns the user that the user-id property has to name: the user himself, and for an
  /// impersonator whoever it names.
  std::string_view expected_user_id(const PropertiesView& view) const;

 private:
  const Access& access() const { return topology_.access(); }
  Refusal permit_elsewhere(const AccessQuestion& question);
  Refusal permit_topic(const TopicQuestion& question);
  Refusal permit_forwarding(const AccessQuestion& from, std::string_view arguments,
                            std::string_view argument);

  const Topology& topology_;
  const SessionOwner& owner_;
  AccessCache cache_;
  PublishAccess publish_access_;
};

}  // namespace lepus::core
