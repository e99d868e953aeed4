// What was asked of the control thread, kept as long as the answer depends on the store: when a
// commit fails it is decided once more, or refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/access/access_request.h"
#include "core/broker/command.h"
#include "core/topology/topology_request.h"

namespace lepus::server {

/// A channel's (topology), an operator's (access), or changes that somebody decided already (none
/// of both).
struct ControlRequest {
  core::ChannelRef channel = {};  ///< Who gets a TopologyDone; none: nobody waits for it.
  std::uint32_t message_count = 0;
  std::unique_ptr<core::TopologyRequest> topology = nullptr;
  std::unique_ptr<std::vector<core::TopologyRequest>> more = nullptr;  ///< As of a TopologyAsk.
  std::optional<core::AccessRequest> access = std::nullopt;
  std::string by = {};  ///< With access.
  using Changed = std::function<void(const std::optional<core::AccessRefusal>&)>;
  Changed changed = nullptr;

  std::size_t more_count() const { return more == nullptr ? 0 : more->size(); }
  bool is_plan() const { return topology == nullptr && !access; }
  /// Nobody can be told that it failed: what it is about ended already (a connection, a queue that
  /// takes no more messages).
  bool cannot_fail() const {
    using Kind = core::TopologyRequest::Kind;
    return topology != nullptr && (!channel || topology->kind == Kind::delete_queue ||
                                   topology->kind == Kind::connection_closed);
  }
};

}  // namespace lepus::server
