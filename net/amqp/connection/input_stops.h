// The reasons for which the input of a connection is held. Those of publishers are counted for the
// shard: how many connections wait with their publishes.
#pragma once

#include <cstdint>

#include "net/amqp/connection/resume_list.h"

namespace lepus::amqp {

/// Why input is held.
enum class InputStop : std::uint8_t {
  reply = 1,   ///< A channel awaits another thread's answer.
  target = 2,  ///< Of a publish; see core::SessionListener::on_blocked().
  alarm = 4,
  output = 8,  ///< The client does not take the answers (net/amqp/codec/output_brake.h).
  auth = 16    ///< A service outside of the broker is asked (net/amqp/connection/auth_asker.h).
};

constexpr std::uint8_t bit_of(InputStop why) { return static_cast<std::uint8_t>(why); }

class InputStops {
 public:
  /// The list outlives this object.
  explicit InputStops(ResumeList& list) : list_(list) {}
  ~InputStops() { set(0); }
  InputStops(const InputStops&) = delete;
  InputStops& operator=(const InputStops&) = delete;

  bool any() const { return bits_ != 0; }
  bool has(InputStop why) const { return (bits_ & bit_of(why)) != 0; }
  bool has_only(InputStop why) const { return bits_ == bit_of(why); }
  void add(InputStop why) { set(static_cast<std::uint8_t>(bits_ | bit_of(why))); }
  void remove(InputStop why) { set(static_cast<std::uint8_t>(bits_ & ~bit_of(why))); }
  void clear() { set(0); }

 private:
  static constexpr std::uint8_t publisher_bits =
      bit_of(InputStop::target) | bit_of(InputStop::alarm);

  void set(std::uint8_t bits) {
    const bool waited = (bits_ & publisher_bits) != 0;
    bits_ = bits;
    const bool waits = (bits_ & publisher_bits) != 0;
    if (waits != waited) list_.count_waiting(waits);
  }

  ResumeList& list_;
  std::uint8_t bits_ = 0;  ///< Of InputStop.
};

}  // namespace lepus::amqp
