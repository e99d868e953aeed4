// Queues and exchanges of this broker as the target of a shovel.
//
//   [declare the queue] -> ready -> publish() ... -> collect(): confirms
#pragma once

#include <optional>
#include <vector>

#include "core/session/publish/publish_settings.h"
#include "tools/server/shovel/local_session.h"
#include "tools/server/shovel/shovel_ends.h"

namespace lepus::server {

class LocalTarget final : public ShovelTarget, private LocalSession {
 public:
  /// All outlive it; `settings` are copied, for the configuration may be read again.
  struct Parts {
    core::Broker& broker;
    const ShovelOrder& order;
    ShovelEvents& events;
  };
  LocalTarget(const Parts& parts, const core::PublishSettings& settings)
      : LocalSession(parts.broker, parts.order.target),
        parts_(parts),
        interceptors_(settings.interceptors),
        node_(settings.node),
        settings_{settings.message_size_max, interceptors_, node_} {}

  void start() override;
  bool has_room() const override { return is_ready_ && !is_blocked(); }
  bool is_blocked() const override;
  void publish(const ShovelPublish& publish) override;
  bool has_queue(std::string_view name) const override;
  void collect() override;
  void close() override { close_session(); }
  bool is_closed() const override { return is_session_closed(); }

 private:
  void on_answer(const core::PendingAnswer::Origin& origin, const core::Answer& answer) override;
  void on_returned(core::ReplyCode code, core::MessageRef message) override;
  void on_acks_due() override { has_acks_ = true; }
  void on_blocked(const core::PublishTarget& target) override { blocked_by_ = target; }

  const Parts parts_;
  const core::Interceptors interceptors_;
  const std::string node_;
  const core::PublishSettings settings_;  ///< Refer to these two.
  bool is_ready_ = false;
  bool has_acks_ = false;
  std::optional<core::PublishTarget> blocked_by_;  ///< As of the last publish.
  std::vector<core::ConfirmWindow::Ack> acks_;
};

}  // namespace lepus::server
