// See local_target.h.
#include "tools/server/shovel/local_target.h"

#include <utility>

#include <fmt/format.h>

namespace lepus::server {

void LocalTarget::start() {
  if (std::string error = open(); !error.empty())
    return parts_.events.on_end_failed(std::move(error));
  if (parts_.order.ack_mode == ShovelAckMode::on_confirm)
    (void)session().commits().select_confirms();
  if (!end().queue) {
    is_ready_ = true;
    return parts_.events.on_target_ready();
  }
  if (const core::Refusal refused = declare_queue())
    parts_.events.on_end_failed("target: " + refused->text());
}

void LocalTarget::on_answer(const core::PendingAnswer::Origin&, const core::Answer& answer) {
  if (const auto* failed = std::get_if<core::RequestFailed>(&answer))
    return parts_.events.on_end_failed("target: " + failed->error.text());
  if (!std::holds_alternative<core::QueueInspected>(answer)) return;
  is_ready_ = true;
  parts_.events.on_target_ready();
}

/// As a client's input is held.
bool LocalTarget::is_blocked() const {
  return broker().alarm().any() || (blocked_by_ && broker().flow().is_blocked(*blocked_by_));
}

bool LocalTarget::has_queue(std::string_view name) const {
  return broker().topology().find_queue(vhost(), name) != nullptr;
}

void LocalTarget::publish(const ShovelPublish& publish) {
  CHECK(is_ready_);
  blocked_by_.reset();
  core::SessionPublishes& publishes = session().publishes();
  auto refused = publishes.begin({publish.exchange, publish.key, publish.mandatory, false});
  if (!refused)
    refused = publishes.set_content(publish.properties, publish.body->body_size(), settings_);
  if (refused) return parts_.events.on_end_failed("target: " + refused->text());
  publish.body->for_each_piece([&](core::Bytes piece) { publishes.append_body(piece); });
  session().commits().publish(publishes.take());
}

void LocalTarget::on_returned(core::ReplyCode, core::MessageRef message) {
  parts_.events.on_end_failed(
      fmt::format("target: there is no queue '{}'", message->routing_key()));
}

void LocalTarget::collect() {
  if (!has_session() || !std::exchange(has_acks_, false)) return;
  acks_.clear();
  session().commits().take_acks(acks_);
  for (const core::ConfirmWindow::Ack& ack : acks_)
    parts_.events.on_confirmed(ack.number, ack.multiple, ack.refused);
}

}  // namespace lepus::server
