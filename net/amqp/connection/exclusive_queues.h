// The exclusive queues that a connection may own, which go when it ends. The control thread deletes
// them; a client that closes its connection is answered when it has.
//
//   note() ... -> release(): asked --answer--> Listener::on_exclusive_queues_gone()
//              -> abandon(): asked, and nobody waits
#pragma once

#include <optional>

#include "core/broker/broker.h"
#include "net/amqp/connection/facts.h"

namespace lepus::amqp {

class ExclusiveQueues final : private core::AnswerPort {
 public:
  class Listener {
   public:
    virtual void on_exclusive_queues_gone() = 0;

   protected:
    ~Listener() = default;
  };

  /// All outlive this object.
  ExclusiveQueues(core::Broker& broker, const ConnectionFacts& facts, Listener& listener)
      : broker_(broker), facts_(facts), listener_(listener) {}
  ExclusiveQueues(const ExclusiveQueues&) = delete;
  ExclusiveQueues& operator=(const ExclusiveQueues&) = delete;
  ~ExclusiveQueues() override { stop_waiting(); }

  /// There may be one from now on.
  void note() { may_exist_ = true; }
  /// Once. The listener hears when all are gone, at once if there were none.
  void release();
  bool is_released() const { return is_released_; }
  /// The connection is gone: they go too, and the listener hears nothing any more.
  void abandon();

 private:
  void on_topology_done(const core::TopologyDone&) override {
    listener_.on_exclusive_queues_gone();
  }
  void ask(const core::ChannelRef& answer_to);
  void stop_waiting();

  core::Broker& broker_;
  const ConnectionFacts& facts_;
  Listener& listener_;
  std::optional<core::ChannelRef> answer_to_;  ///< While an answer is awaited, or was.
  bool may_exist_ = false;
  bool is_released_ = false;
};

}  // namespace lepus::amqp
