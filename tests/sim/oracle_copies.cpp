// What is no message of a queue: copies of the firehose, events, and direct replies.
#include "core/broker/event.h"
#include "core/message/properties.h"
#include "core/session/reply_address.h"
#include "tests/sim/oracle.h"

namespace lepus::sim {

bool Oracle::is_copy(const Received& received) {
  return received.exchange == core::trace_exchange_name ||
         received.exchange == core::event_exchange_name;
}

/// Promise 1 for copies, and that only those get them who are bound.
void Oracle::judge_copy(const Received& received, const QueueModel& queue) {
  judge_.note("got a copy '{}' from {}", received.key, queue.name);
  core::PropertiesView view;
  if (!queue.wild || !core::decode_properties(core::as_bytes(received.properties), view))
    return judge_.fail(9, "queue {}: a copy '{}' came", queue.name, received.key);
  const core::FieldTable headers = view.header_table();
  if (received.exchange == core::event_exchange_name) {
    if (!headers.find("timestamp_in_ms") || !received.body.empty())
      judge_.fail(14, "event '{}' is malformed", received.key);
    return;
  }
  const auto properties = headers.find("properties");
  const auto exchange = headers.find("exchange_name");
  if (!properties || !properties->is_table() || !exchange || !exchange->is_string())
    return judge_.fail(14, "copy '{}' is malformed", received.key);
  if (exchange->text() == core::event_exchange_name) return;  // An event on its way out.
  const auto text = core::FieldTable{properties->table()}.find("message_id");
  const MessageId id = text && text->is_string() ? id_of(text->text()) : 0;
  if (id == 0) return judge_.fail(2, "copy '{}' of a message that nobody sent", received.key);
  const Sent& message = sent(id);
  const bool is_published = received.key == "publish." + message.address.exchange;
  if (message.revoked && is_published)
    judge_.fail(2, "copy '{}' of message {}, which was never committed", received.key, id);
  if (!is_published && !received.key.starts_with("deliver."))
    judge_.fail(9, "copy '{}' of message {} to exchange '{}'", received.key, id,
                message.address.exchange);
  if (received.body != body_of(id, message.body_size))
    judge_.fail(1, "copy '{}' of message {} came with another body", received.key, id);
}

/// The broker puts a name that only it knows in the place of amq.rabbitmq.reply-to.
std::string Oracle::with_reply_name(const Sent& message, const std::string& properties,
                                    std::string_view name) const {
  if (!message.wants_reply) return properties;
  if (!core::is_reply_name(name)) return {};
  core::PropertiesView view;
  CHECK(core::decode_properties(core::as_bytes(properties), view));
  view.reply_to = name;
  return std::string{core::as_text(core::encode_properties(view))};
}

/// A channel has one name while it has a reply consumer.
void Oracle::learn_reply_name(const Sent& message, std::string_view name) {
  if (!message.wants_reply) return;
  const auto [known, is_new] = reply_names_.try_emplace(std::string{name}, message.channel);
  if (!is_new && known->second != message.channel)
    judge_.fail(9, "channels {} and {} have one reply name", known->second, message.channel);
}

/// Replies may be lost, when the requester is gone, and come once and to nobody else.
void Oracle::on_reply(const Received& received, std::uint64_t channel) {
  const Identity identity = identify(received);
  if (identity.message == nullptr) return;
  Sent& message = *identity.message;
  judge_.note("got reply {}", message.id);
  const auto name = reply_names_.find(message.address.key);
  if (name == reply_names_.end() || name->second != channel)
    return judge_.fail(9, "reply {} came to another channel", message.id);
  if (message.revoked || message.replied)
    judge_.fail(2, "reply {} came twice, or was never committed", message.id);
  message.replied = true;
}

std::string Oracle::choose_reply_name(core::Random& random) const {
  if (reply_names_.empty()) return {};
  return std::next(reply_names_.begin(),
                   static_cast<std::ptrdiff_t>(random.below(reply_names_.size())))
      ->first;
}

}  // namespace lepus::sim
