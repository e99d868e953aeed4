// The session of a shovel's end at this broker, for a user or an operator: a user of
// core/session/session.h without a connection.
//
//   open(): null when the virtual host or the user is not there
//   close() -> is_closed() -> destroyed
#pragma once

#include <memory>
#include <string>

#include "core/session/session.h"
#include "tools/server/shovel/shovel_order.h"

namespace lepus::server {

class LocalSession : protected core::SessionListener, private core::DeliveryPort {
 public:
  ~LocalSession() override;
  LocalSession(const LocalSession&) = delete;
  LocalSession& operator=(const LocalSession&) = delete;

 protected:
  /// Both outlive it.
  LocalSession(core::Broker& broker, const ShovelEnd& end) : broker_(broker), end_(end) {}

  /// Empty, or why there can be none.
  [[nodiscard]] std::string open();
  void close_session();
  bool is_session_closed() const { return session_ == nullptr || is_closed_; }
  bool has_session() const { return session_ != nullptr && session_->is_open(); }
  core::Session& session() { return *session_; }
  core::Broker& broker() const { return broker_; }
  const ShovelEnd& end() const { return end_; }
  core::VhostId vhost() const { return vhost_; }

  /// Declares the queue of the end, or looks at it when it is there: QueueInspected.
  core::Refusal declare_queue();

  // What an end has no use for.
  void on_request_pending() override {}
  void on_request_done() override {}
  void on_message_got(const core::GetReply&, std::uint64_t, core::MessageRef) override {}
  void on_returned(core::ReplyCode, core::MessageRef) override {}
  void on_acks_due() override {}
  void on_blocked(const core::PublishTarget&) override {}
  void on_closed() override { is_closed_ = true; }
  std::string connection_name() const override { return "shovel " + end_.uri; }

  // DeliveryPort, of a source
  bool on_deliver(const core::Deliver&, core::MessageRef) override { return true; }
  void on_consumer_cancelled(std::uint32_t) override {}

 private:
  core::Broker& broker_;
  const ShovelEnd& end_;
  core::VhostId vhost_;
  std::unique_ptr<core::Session> session_;
  bool is_closed_ = false;
};

}  // namespace lepus::server
