// A queue or an exchange of this broker as the source of a shovel. For an exchange a queue of its
// own is declared and bound, which goes with its consumer.
//
//   declare -> [bind] -> subscribe -> ready
//   close() -> held -> what is left goes back, a piece a turn -> the session closes
//
// Deliveries come while a queue is at work: they are handed on, and nothing else is done.
#pragma once

#include <cstdint>

#include "tools/server/shovel/local_session.h"
#include "tools/server/shovel/shovel_ends.h"

namespace lepus::server {

class LocalSource final : public ShovelSource, private LocalSession {
 public:
  /// All outlive it.
  LocalSource(core::Broker& broker, const ShovelOrder& order, ShovelEvents& events)
      : LocalSession(broker, order.source), order_(order), events_(events) {}

  void start() override;
  void acknowledge(std::uint64_t tag, bool is_multiple) override;
  void set_paused(bool is_paused) override;
  void ask_count() override;
  void close() override;
  bool has_work() const override { return is_ending_; }
  void work() override;
  bool is_closed() const override { return is_session_closed(); }

 private:
  enum class Phase : std::uint8_t { declaring, binding, subscribing, ready, counting };

  void on_answer(const core::PendingAnswer::Origin& origin, const core::Answer& answer) override;
  bool on_deliver(const core::Deliver& delivery, core::MessageRef message) override;
  void on_consumer_cancelled(std::uint32_t number) override;
  void on_inspected(std::uint64_t message_count);
  core::Refusal declare_own_queue();
  core::Refusal bind();
  core::Refusal subscribe();
  void fail_if(const core::Refusal& refused);

  const ShovelOrder& order_;
  ShovelEvents& events_;
  Phase phase_ = Phase::declaring;
  bool is_paused_ = false;
  bool is_ending_ = false;  ///< What is not settled goes back, a piece a turn.
  std::string queue_;       ///< Its name.
  std::uint64_t message_count_ = 0;
};

}  // namespace lepus::server
