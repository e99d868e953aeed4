// The consumers of a session, by the numbers that queues know them by. A number is free again when
// its consumer is gone, so a table stays as small as it once was full. With more than a few
// consumers there is an index of their tags.
//
//   add() -> subscribing (no handle) -> active (its queue gave a handle) -> remove()
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/base/assert.h"
#include "core/base/time.h"
#include "core/broker/command.h"
#include "core/exchange/text_hash.h"

namespace lepus::core {

struct SessionConsumer {
  std::string tag;
  std::string arguments;   ///< Inside of a field table; for the operator.
  std::string queue_name;  ///< The queue may be gone.
  QueueId queue;
  ConsumerHandle handle;  ///< From its queue's answer on.
  ShardId home = 0;
  std::uint32_t prefetch = 0;
  Nanos timeout = never;  ///< For the acknowledgement of a delivery.
  bool exclusive = false;
  bool no_ack = false;
  bool limited = false;        ///< The session has a shared prefetch: its queue asks for credit.
  bool paused = false;         ///< Its queue was told, or told itself, to wait.
  bool single_active = false;  ///< Of a queue that has but one active.
  bool is_waiting = false;     ///< Another consumer is the single active one.
  bool is_overdue = false;     ///< Its queue was told to cancel it: what comes goes back.

  bool has_handle() const { return handle.generation != 0; }
  /// What its queue is told when `paused` or `limited` changed.
  ConsumerFlow flow() const { return {queue, handle, paused, limited}; }
};

class SessionConsumers {
 public:
  /// Returns the number of the new consumer.
  std::uint32_t add(SessionConsumer consumer);
  void remove(std::uint32_t number);
  std::size_t count() const { return count_; }

  /// Numbers are below.
  std::uint32_t slot_count() const { return static_cast<std::uint32_t>(slots_.size()); }
  /// Returns true if there is a consumer with this number.
  bool contains(std::uint32_t number) const {
    return number < slots_.size() && slots_[number].in_use;
  }
  /// Also of one that was removed, until its number is given out again: deliveries that its queue
  /// sent before may still come.
  SessionConsumer& at(std::uint32_t number) {
    CHECK(number < slots_.size());
    return slots_[number].consumer;
  }
  const SessionConsumer& at(std::uint32_t number) const {
    CHECK(number < slots_.size());
    return slots_[number].consumer;
  }
  /// Returns the number of the consumer with this tag; absent when there is none.
  static constexpr std::uint32_t absent = UINT32_MAX;
  std::uint32_t find(std::string_view tag) const;

  /// visit(number, consumer) for each, by number. It may remove the one it visits.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (std::uint32_t number = 0; number < slots_.size(); ++number)
      if (slots_[number].in_use) visit(number, slots_[number].consumer);
  }
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::uint32_t number = 0; number < slots_.size(); ++number)
      if (slots_[number].in_use) visit(number, slots_[number].consumer);
  }

 private:
  struct Slot {
    SessionConsumer consumer;
    bool in_use = false;
  };
  using TagIndex = boost::unordered_flat_map<std::string, std::uint32_t, TextHash, std::equal_to<>>;
  void build_index();

  std::vector<Slot> slots_;            ///< By number.
  std::vector<std::uint32_t> unused_;  ///< Numbers of slots not in use.
  std::unique_ptr<TagIndex> index_;    ///< Null: there never were many.
  std::size_t count_ = 0;
};

}  // namespace lepus::core
