// The consumers of a queue that may be able to take a message, the highest priority first; those of
// one priority in the order in which they came or were served. Where a consumer has its place is
// known by priority, so neither adding one nor serving one looks at the others, however many they
// are. As long as all have the same priority the place is the end, and nothing need be known.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "core/base/intrusive_list.h"
#include "core/queue/consumer.h"

namespace lepus::core {

class TakerRing {
 public:
  TakerRing() = default;
  TakerRing(const TakerRing&) = delete;
  TakerRing& operator=(const TakerRing&) = delete;

  bool empty() const { return list_.empty(); }
  Consumer& front() { return list_.front(); }
  Consumer* next(Consumer& consumer) { return list_.next(consumer); }

  /// Behind those of its own or a higher priority.
  void add(Consumer& consumer);
  void remove(Consumer& consumer);
  /// It was served: the others of its priority are first now.
  void move_back(Consumer& consumer) {
    const Consumer* next = list_.next(consumer);
    if (next == nullptr || next->spec.priority != consumer.spec.priority) return;
    remove(consumer);
    add(consumer);
  }

 private:
  /// By priority, the highest first: the last consumer that has it; null, if it is the only entry:
  /// none has.
  using Places = std::map<std::int32_t, Consumer*, std::greater<>>;

  void add_by_priority(Consumer& consumer);
  void leave_place(Consumer& consumer);

  IntrusiveList<Consumer> list_;
  std::unique_ptr<Places> last_of_;  ///< From the first two with different priorities on.
};

}  // namespace lepus::core
