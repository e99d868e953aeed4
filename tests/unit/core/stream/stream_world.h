// A stream `s` on a shard with a disk that does what it is told, for tests of what reads it.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "core/message/field_table_writer.h"
#include "tests/unit/core/broker/fake_ports.h"

namespace lepus::core::test {

class StreamWorld : public ::testing::Test {
 protected:
  explicit StreamWorld(Restorer* restorer = nullptr) : shard_(0, restorer) {
    shard_.durable = true;
  }

  QueueId declare(FieldTableWriter arguments = {}) {
    arguments.text("x-queue-type", "stream");
    TopologyRequest made = shard_.request(TopologyRequest::Kind::declare_queue, "s");
    made.durable = true;
    made.arguments = arguments.take();
    shard_.change(made);
    return shard_.master.find_queue(shard_.vhost, "s")->id;
  }
  ConsumerHandle subscribe(FakeChannel& channel, StreamSpec spec, std::uint32_t prefetch) {
    return shard_.subscribe(channel, {.queue = queue_, .prefetch = prefetch},
                            std::make_unique<StreamSpec>(std::move(spec)));
  }
  /// Everything published is written, then all read what they can.
  void settle_down() {
    for (int i = 0; i < 3; ++i) shard_.broker.flush();
    shard_.pump();
    while (!shard_.message_log.fetches.empty()) {
      shard_.message_log.bring();
      shard_.pump();
    }
  }
  void publish(std::string_view bodies) {
    shard_.publish_each("s", bodies);
    settle_down();
  }

  FakeShard shard_;
  QueueId queue_;
};

}  // namespace lepus::core::test
