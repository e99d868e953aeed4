// The shard of a queue under test: it writes down what the queue asks of it, and routes nothing.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/slab.h"
#include "core/queue/consumer.h"
#include "core/queue/queue_host.h"
#include "tests/unit/core/broker/fake_ports.h"

namespace lepus::core::test {

class FakeQueueHost final : public QueueHost {
 public:
  struct GivenUp {
    std::string body;
    DeathReason reason;
  };
  struct Deadline {
    Nanos at;
    QueueId queue;
  };
  struct Answer {
    GetReply reply;
    MessageRef message;
  };

  FakeQueueHost() : QueueHost(0, &outbox_port, &message_log_port) {}
  ~FakeQueueHost() override {
    while (runnable_.pop_front() != nullptr) {
    }
  }

  bool is_scheduled() const { return !runnable_.empty(); }
  /// Takes the queue out of the list, as before Queue::pump().
  void unschedule() { (void)runnable_.pop_front(); }
  Turn& turn_to_change() { return turn_; }
  void set_now(Nanos now) { turn_.now = turn_.stamp = now; }
  void set_memory_pressure(bool memory_pressure) {
    if (memory_pressure && !turn_.memory_pressure) ++turn_.pressure_epoch;
    turn_.memory_pressure = memory_pressure;
  }
  MessageRef message(std::string_view body, bool persistent = false) {
    MessageRef made = Message::create({"", "", {}, body.size(), persistent}, memory());
    made->append_body(as_bytes(body));
    return made;
  }

  void add_deadline(Nanos at, QueueId queue) override { deadlines.push_back({at, queue}); }
  void await_written(QueueId queue) override { written_awaited.push_back(queue); }
  void add_eviction_candidate(QueueId queue, bool has_own_limit) override {
    candidates.push_back({queue, has_own_limit});
  }
  Forward make_forward(const QueueInfo&, const Message& message, DeathReason reason) override {
    given_up.push_back({std::string{as_text(message.inline_body())}, reason});
    return {MessageRef::share(const_cast<Message*>(&message)), route, {}};
  }
  void add_forwarding(QueueId queue) override { forwarding.push_back(queue); }
  void publish(const Forward&) override { ++published; }
  void publish_later(const Forward&) override { ++published_later; }
  bool transfer(const QueuePosition& from, const Forward& forward) override {
    transfers.push_back(from);
    return !forward.route.empty();
  }
  void forward_history(const BindingSpec&, const Message& message) override {
    history += as_text(message.inline_body());
  }
  Consumer& create_consumer(const ConsumerSpec& spec, DeliveryPort* local) override {
    const auto [handle, consumer] = consumers.create(spec, local);
    consumer->handle = {handle.slot, handle.generation};
    return *consumer;
  }
  void destroy_consumer(Consumer& consumer) override { consumers.destroy(consumer.handle.slot); }
  bool is_attached(const ChannelRef&) override { return true; }
  void send_to_session(ShardId home, SessionCommand&& command) override {
    std::visit([&](auto& one) { outbox_port.send(home, std::move(one)); }, command);
  }
  void answer_get(GetReply&& reply, MessageRef message) override {
    answers.push_back({std::move(reply), std::move(message)});
  }
  void delete_expired(QueueId queue) override { expired_queues.push_back(queue); }

  FakeOutbox outbox_port;
  FakeMessageLog message_log_port;
  Slab<Consumer> consumers;
  RouteResult route;  ///< Where everything goes that is given up.
  std::vector<Deadline> deadlines;
  std::vector<QueueId> written_awaited;
  std::vector<std::pair<QueueId, bool>> candidates;
  std::vector<GivenUp> given_up;
  std::vector<QueueId> forwarding;
  std::vector<QueuePosition> transfers;
  std::vector<Answer> answers;
  std::vector<QueueId> expired_queues;
  std::string history;
  int published = 0;
  int published_later = 0;
};

}  // namespace lepus::core::test
