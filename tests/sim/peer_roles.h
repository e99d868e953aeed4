// What peers of the load stages do: ask, publish as fast as they are read, and consume ably.
#pragma once

#include <string>

#include "tests/sim/peer.h"

namespace lepus::sim {

/// Sends one request at a time. Asks basic.qos again and again, which its shard answers alone,
/// until it is told to ask something else.
class Asker final : public Peer {
 public:
  using Peer::Peer;

  /// The next request; nothing is asked any more on its own.
  template <class Method>
  void ask(const Method& method) {
    is_manual_ = true;
    send(method);
    ++asked_count_;
  }
  bool is_answered() const { return asked_count_ == answered_count_; }
  std::uint64_t answered_count() const { return answered_count_; }
  std::uint32_t message_count() const { return message_count_; }
  /// For a queue of this name.
  void post(std::string_view queue, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) publish({queue, 0, false});
  }

 private:
  void act() override {
    if (is_manual_ || !is_answered()) return;
    send(amqp::BasicQos{0, 1, false});
    ++asked_count_;
  }
  void on_channel_method(const Incoming& incoming) override {
    ++answered_count_;
    amqp::QueueDeclareOk declared;
    if (incoming.method == amqp::MethodId::queue_declare_ok &&
        amqp::decode(incoming.arguments, declared))
      message_count_ = declared.message_count;
  }

  bool is_manual_ = false;
  std::uint64_t asked_count_ = 0;
  std::uint64_t answered_count_ = 0;
  std::uint32_t message_count_ = 0;  ///< Of the last queue.declare-ok.
};

/// Publishes a burst each time, but when the broker does not read it.
class Publisher final : public Peer {
 public:
  struct Load {
    std::string queue;  ///< A name that no queue has: the message goes nowhere.
    std::size_t body_size = 0;
    bool is_persistent = false;
    std::size_t burst = 1;
  };
  Publisher(Scene& scene, std::unique_ptr<io::SimClient> end, core::Nanos pace, Load load)
      : Peer(scene, std::move(end), pace), load_(std::move(load)) {}

  void start() { is_running_ = true; }
  void stop() { is_running_ = false; }
  std::uint64_t published_count() const { return published_count_; }

 private:
  void act() override {
    if (!is_running_ || wire().has_unsent()) return;
    for (std::size_t i = 0; i < load_.burst; ++i)
      publish({load_.queue, load_.body_size, load_.is_persistent});
    published_count_ += load_.burst;
  }
  void on_channel_method(const Incoming& incoming) override {
    judge().fail(14, "a publisher reads {}", amqp::method_name(incoming.method));
  }

  Load load_;
  bool is_running_ = false;
  std::uint64_t published_count_ = 0;
};

/// Takes what its prefetch allows, and acknowledges all of it each time.
class Subscriber final : public Peer {
 public:
  struct Wants {
    std::string queue;
    std::uint16_t prefetch = 0;  ///< 0: no acknowledgements.
  };
  Subscriber(Scene& scene, std::unique_ptr<io::SimClient> end, core::Nanos pace, Wants wants)
      : Peer(scene, std::move(end), pace), wants_(std::move(wants)) {}

  void start() { is_running_ = true; }
  /// It has asked for messages.
  bool has_started() const { return has_asked_; }
  std::uint64_t received_count() const { return received_count_; }

 private:
  void act() override {
    if (is_running_ && !has_asked_) {
      has_asked_ = true;
      if (wants_.prefetch > 0) send(amqp::BasicQos{0, wants_.prefetch, false});
      const bool no_ack = wants_.prefetch == 0;
      send(amqp::BasicConsume{wants_.queue, "", false, no_ack, false, false, {}});
    }
    if (wants_.prefetch == 0 || acknowledged_ == received_count_) return;
    acknowledged_ = received_count_;
    send(amqp::BasicAck{acknowledged_, true});
  }
  void on_channel_method(const Incoming& incoming) override {
    if (incoming.method == amqp::MethodId::basic_deliver) ++received_count_;
    if (incoming.method == amqp::MethodId::basic_cancel)
      judge().fail(14, "a subscriber is cancelled");
  }

  Wants wants_;
  bool is_running_ = false;
  bool has_asked_ = false;
  std::uint64_t received_count_ = 0;
  std::uint64_t acknowledged_ = 0;  ///< The last delivery tag.
};

}  // namespace lepus::sim
