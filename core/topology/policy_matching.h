// Which policies queues and exchanges follow. A change of one policy asks its pattern once for each
// name: the others are asked only for what followed the policy that is gone. So a file with
// hundreds of policies and a hundred thousand queues is applied in the time that it takes to match
// each of them with each once.
//
//   queue added                match_policies()     all policies, the highest first
//   policy added or replaced   rematch_policies()   who followed the old one: as if it were new
//   policy removed                                  others: the new one, if it outranks theirs
#pragma once

#include <cstdint>

#include "core/topology/topology.h"

namespace lepus::core {

/// Sets what a queue or exchange that is new in `vhost` follows.
void match_policies(const VhostInfo& vhost, QueueInfo& queue);
void match_policies(const VhostInfo& vhost, ExchangeInfo& exchange);

/// One change of a list of policies.
struct PolicyUpdate {
  bool is_operator;
  const Policy* removed;  ///< Not in the list any more, still alive; null: none.
  const Policy* added;    ///< In the list; null: none.
  std::uint64_t version;  ///< For QueueInfo::effective_since where the arguments change.
};
/// Sets what the queues and exchanges of `vhost` follow after the update.
void rematch_policies(VhostInfo& vhost, const PolicyUpdate& update);

}  // namespace lepus::core
