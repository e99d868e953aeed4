// The fixture of the channel tests: two shards, a client on the first, and a queue either there or
// on the other one. A client cannot tell the difference.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "tests/unit/net/amqp/test_client.h"

namespace lepus::amqp::test {

inline std::string random_text(core::Random& random, std::size_t size) {
  std::string text(size, '\0');
  for (char& character : text) character = static_cast<char>(random.next());
  return text;
}

/// The parameter: is the queue on another shard than the client?
class ChannelTest : public ::testing::TestWithParam<bool> {
 protected:
  ChannelTest() {
    BrokerWorld::Options options;
    options.shard_count = 2;
    options.seed = GetParam() ? 2 : 3;
    options.ring_size = 64;
    world_ = std::make_unique<BrokerWorld>(options);
    client_ = opened();
    owner_ = opened(GetParam() ? 1 : 0);
  }
  std::unique_ptr<TestClient> opened(core::ShardId shard = 0, const Login& login = {}) {
    auto made = std::make_unique<TestClient>(*world_, shard);
    made->link().piece_max = 1'000;
    made->open(login);
    return made;
  }
  /// A queue where this test wants it.
  void declare(std::string_view queue, const QueueDeclare& how = {}) {
    owner_->declare(queue, how);
  }
  void ack(std::uint64_t tag, bool multiple = false) { client_->send(1, BasicAck{tag, multiple}); }
  /// Bodies of the deliveries that came.
  std::string deliveries() {
    std::string all;
    for (const Event& event : client_->take_events()) {
      EXPECT_EQ(method_name(event.method), "basic.deliver");
      all += event.body;
    }
    return all;
  }
  void publish_each(std::string_view queue, std::string_view bodies) {
    for (const char body : bodies) client_->publish("", queue, std::string_view{&body, 1});
    client_->settle();
  }

  std::unique_ptr<BrokerWorld> world_;
  std::unique_ptr<TestClient> client_;
  std::unique_ptr<TestClient> owner_;
};

inline std::string home_name(const ::testing::TestParamInfo<bool>& one) {
  return one.param ? "Away" : "Here";
}

}  // namespace lepus::amqp::test
