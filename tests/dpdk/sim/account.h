// What is known of one simulated connection at both of its ends, and what went wrong with it.
#pragma once

#include <fmt/format.h>

#include <string>

#include "core/base/time.h"
#include "tests/dpdk/sim/content.h"
#include "tests/dpdk/sim/plan.h"

namespace lepus::net::bypass::sim {

struct Account {
  explicit Account(const ConnectionPlan& a_plan)
      : plan(a_plan), from_client(a_plan.content), from_server(~a_plan.content) {}

  /// An end that was cut off may not hear of it, for the reset is one frame: it gives up then, as a
  /// heartbeat makes it.
  static constexpr Nanos silence_max = 30 * core::nanos_per_s;

  void note_wrong(std::string what) {
    if (wrong.empty()) wrong = std::move(what);
  }
  void cut(Nanos now) {
    if (is_cut) return;
    is_cut = true;
    cut_at = now;
  }
  bool is_silent(Nanos now) const { return is_cut && now - cut_at > silence_max; }
  /// So many bytes have passed, of both.
  bool is_end_due(End end) const {
    return plan.end == end && client_received + server_received >= plan.end_after;
  }
  bool is_complete() const {
    return client_received == plan.server.size && server_received == plan.client.size;
  }

  const ConnectionPlan plan;
  const Content from_client;
  const Content from_server;
  std::size_t client_received = 0;
  std::size_t server_received = 0;
  bool is_cut = false;  ///< An end was not orderly, as it was planned.
  Nanos cut_at = 0;
  std::string wrong;
};

}  // namespace lepus::net::bypass::sim
