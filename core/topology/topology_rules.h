// What a request does to a topology: a pure decision, the same code on every thread.
//
//   shard:   decide(replica, request, nullptr)
//              error, satisfied   answer the client; nobody else is asked
//              changes            send the request to the control thread
//   control: decide(master, request, &ids)
//              error, satisfied   as above: another shard may have been faster
//              changes            apply them to the master, send them to every shard in order
//
// Error texts are the ones clients know. Class and method ids are filled in by the caller.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/amqp_error.h"
#include "core/base/ids.h"
#include "core/topology/topology.h"
#include "core/topology/topology_change.h"
#include "core/topology/topology_request.h"

namespace lepus::core {

/// Gives ids that were never given before. Control thread only.
class IdSource {
 public:
  IdSource() = default;
  /// Goes on after a restart: ids up to `last` are taken.
  explicit IdSource(std::uint64_t last) : last_(last) {}
  std::uint64_t next() { return ++last_; }
  std::uint64_t last() const { return last_; }

 private:
  std::uint64_t last_ = 0;
};

struct Decision {
  enum class Kind : std::uint8_t { error, satisfied, changes };
  Kind kind = Kind::satisfied;
  AmqpError error;  ///< Only for Kind::error.
  std::vector<TopologyChange>
      changes;  ///< Only for Kind::changes; empty when no IdSource was given.
};

Decision decide(const Topology& topology, const TopologyRequest& request, IdSource* ids);

/// amq.rabbitmq.event, for the virtual host that has it (Topology::event_vhost()).
ExchangeAdded make_event_exchange(VhostId vhost, IdSource& ids);

/// 404 when there is no such queue, 405 when it is exclusive to another connection.
/// Used by consume, get, purge, delete, passive declare. The pointer stays valid until the next
/// change.
Result<const QueueInfo*> check_queue_access(const Topology& topology, VhostId vhost,
                                            std::string_view name, ConnectionId connection);

/// 404 when there is no such exchange. Answers passive declares, together with
/// refuse_default_exchange.
Result<const ExchangeInfo*> check_exchange(const Topology& topology, VhostId vhost,
                                           std::string_view name);

/// The exchange a client publishes to: 404 when missing, 403 when internal.
Result<const ExchangeInfo*> check_publish(const Topology& topology, VhostId vhost,
                                          std::string_view name);

/// False: an exchange that nobody can delete, whatever he may do.
bool is_deletable_name(std::string_view exchange);

/// Of a virtual host: empty (no opinion), classic, quorum, stream.
bool is_queue_type(std::string_view type);

/// Names lose every CR and LF before they are used.
std::string strip_cr_lf(std::string_view name);

/// "queue 'q' in vhost '/'" and "exchange 'x' in vhost '/'", as error texts name them.
std::string queue_title(std::string_view name, std::string_view vhost);
std::string exchange_title(std::string_view name, std::string_view vhost);

}  // namespace lepus::core
