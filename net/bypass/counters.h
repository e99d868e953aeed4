// What a shard counts of its stack and its queue of the device, by name: for the operator and the
// metrics. The shard writes them down now and then; anybody reads.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "net/bypass/stack_api.h"

namespace lepus::net::bypass {

/// In the order of counter_facts.
enum class Counter : std::uint8_t {
  frames_in,
  bytes_in,
  frames_out,
  bytes_out,
  dropped_short,
  dropped_other_protocol,
  dropped_other_vlan,
  dropped_fragment,
  dropped_options,
  dropped_other_target,
  dropped_bad_source,
  dropped_bad_checksum,
  dropped_no_listener,
  dropped_half_open,
  dropped_scattered,
  dropped_no_memory,
  dropped_no_frame,
  dropped_ring_full,
  waits_ring_full,
  retransmits,
  resets_kept_back,
  accepted,
  connections,
  half_open,
  frames,
  frames_used,
  copied_input_scarce,
  copied_input_held,
  copied_output,
  held_bytes,
};
constexpr std::size_t counters = 30;

struct CounterFacts {
  std::string_view name;    ///< For the operator.
  std::string_view metric;  ///< Behind "lepus_bypass_". Neighbours that share one have labels.
  std::string_view label = {};
  std::string_view value = {};  ///< Of the label.
  std::string_view help = {};   ///< Of the first that has this metric.
  bool is_gauge = false;        ///< Else it only grows.
};
const std::array<CounterFacts, counters>& counter_facts();

using CounterValues = std::array<std::uint64_t, counters>;

/// Of one shard: a single thread writes. Values are of one moment each, not all of the same.
class CounterBoard {
 public:
  void set(Counter counter, std::uint64_t value) {
    values_[static_cast<std::size_t>(counter)].store(value, std::memory_order_relaxed);
  }
  CounterValues read() const;

 private:
  std::array<std::atomic<std::uint64_t>, counters> values_{};
};

/// All that the stack and its port know.
void write_counters(const StackStats& stack, const PortCounts& port, CounterBoard& board);

}  // namespace lepus::net::bypass
