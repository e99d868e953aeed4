// Ready-made publish frames. All slots hold one complete message each (method, header and body
// frames) in one stretch of memory; to send a message is to patch its time stamp, and its target
// when there are several, and to hand the bytes to the kernel from where they are. Nothing is built
// or copied per message, however large the body.
//
//   | slot 0 | slot 1 | ... | slot n-1 |
//        ^ sent_size_        ^ prepared_ * slot_size_
//
// What lies between the two waits for the socket; it is at most the whole ring.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "tools/perf/client/connection.h"
#include "tools/perf/modes/topology.h"

namespace lepus::perf {

class PublishRing {
 public:
  struct Config {
    const Options* options = nullptr;
    std::string_view exchange;
    std::vector<Target> targets;  // used in turn; at least one, all of the same lengths
    uint32_t frame_size_max = 0;
  };
  explicit PublishRing(const Config& config);

  uint64_t free_count() const { return slot_count_ - (prepared_ - sent_count()); }
  // Messages prepared since the start, and completely taken by the kernel.
  uint64_t prepared_count() const { return prepared_; }
  uint64_t sent_count() const { return sent_size_ / slot_size_; }
  bool pending() const { return sent_size_ < prepared_ * slot_size_; }

  // Needs free_count() > 0. The time stamp is the intended send time.
  void prepare(uint64_t time_ns) {
    uint8_t* slot = bytes_.data() + next_slot_ * slot_size_;
    if (++next_slot_ == slot_count_) next_slot_ = 0;
    if (stamped_) std::memcpy(slot + stamp_offset_, &time_ns, sizeof time_ns);
    if (targets_.size() > 1) patch_target(slot);
    ++prepared_;
  }
  // Sends what is prepared; false when the socket is full.
  bool send(Connection& connection);

 private:
  void patch_target(uint8_t* slot);

  Bytes bytes_;
  std::vector<Target> targets_;
  size_t next_target_ = 0;
  size_t slot_size_ = 0;
  size_t slot_count_ = 0;
  size_t next_slot_ = 0;
  size_t key_offset_ = 0;
  size_t header_offset_ = 0;
  size_t stamp_offset_ = 0;
  bool stamped_ = false;
  uint64_t prepared_ = 0;
  uint64_t sent_size_ = 0;
};

}  // namespace lepus::perf
