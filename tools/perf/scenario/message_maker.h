// Messages of a scenario's producers, ready to be sent but for the time stamp and the key: one
// model for each body size and target, copied and patched.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tools/perf/client/wire.h"
#include "tools/perf/modes/topology.h"
#include "tools/perf/scenario/scenario.h"

namespace lepus::perf {

class MessageMaker {
 public:
  struct Config {
    const PublishPlan* plan = nullptr;
    std::string_view exchange;
    std::vector<Target> targets;  // used in turn
    uint32_t frame_size_max = 0;
  };
  explicit MessageMaker(const Config& config);

  // Appends the next message. Bodies of 8 bytes and more begin with the time.
  void append(Bytes& out, uint64_t time_ns);

 private:
  struct Model {
    Bytes bytes;
    size_t key_offset = 0;
    size_t stamp_offset = 0;  // 0 = body too short
  };
  static Model make_model(const Config& config, const Target& target, uint64_t body_size);

  std::vector<Target> targets_;
  std::vector<Model> models_;  // by size; with a headers exchange by target and size
  size_t size_count_ = 0;
  bool is_by_target_ = false;
  size_t next_target_ = 0;
  size_t next_size_ = 0;
};

}  // namespace lepus::perf
