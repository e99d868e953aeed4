// What a session publishes: where it may go and goes, what comes back, and what is confirmed.
//
//   begin() -> set_content() -> append_body() ... -> take() -> send(), or into the transaction
//                                                      send() -> on_confirm() -> take_acks()
//
// The route of the last exchange and key is kept and good while the topology's version stays; with
// a headers exchange on the way or CC and BCC keys the route is worked out for each message. With
// confirms, or in a commit, publishes are numbered from 1 on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/broker/broker.h"
#include "core/session/publish/client_publish.h"
#include "core/session/publish/confirms.h"
#include "core/session/publish/immediate_publishes.h"
#include "core/session/publish/publish_settings.h"
#include "core/session/publish/route_cache.h"
#include "core/session/reply_address.h"
#include "core/session/session_access.h"
#include "core/session/session_link.h"

namespace lepus::core {

class SessionPublishes {
 public:
  SessionPublishes(const SessionLink& link, SessionAccess& access, ReplyAddress& reply_address)
      : link_(link), access_(access), reply_address_(reply_address) {}

  // --- A message as it comes in

  struct Target {
    std::string_view exchange;
    std::string_view key;
    bool mandatory = false;
    bool immediate = false;
  };
  /// 404 or 403 for the exchange, 403 for the topic.
  Refusal begin(const Target& target);
  /// 406 for what RabbitMQ refuses in properties, a body that is too large, or a CC key that is not
  /// allowed.
  Refusal set_content(Bytes properties, std::uint64_t body_size, const PublishSettings& settings);
  void append_body(Bytes piece) {
    CHECK(incoming_.message);
    incoming_.message->append_body(piece);
  }
  /// In memory of the message that is coming in.
  std::uint64_t content_bytes() const {
    return incoming_.message ? incoming_.message->memory_size() : 0;
  }
  /// The message is complete. To be moved from before the next begin().
  ClientPublish&& take();
  /// What came of a message is forgotten, and what other shards were asked about immediate ones.
  void clear();

  // --- A message as it goes to its queues

  enum class Counting : std::uint8_t {
    none,
    confirms,
    commit,  ///< Numbered as well; its route is not what it was when it came in.
  };
  void set_counting(Counting counting) { counting_ = counting; }
  Counting counting() const { return counting_; }
  /// Hands it to the broker, or returns it. Returns true if other shards are still to say whether a
  /// consumer took it (`immediate`).
  [[nodiscard]] bool send(ClientPublish&& publish);
  /// Returns true if nothing is awaited any more by `immediate`.
  [[nodiscard]] bool on_immediate_reply(const ImmediateReply& reply);
  ConfirmWindow& confirms() { return confirms_; }
  const ConfirmWindow& confirms() const { return confirms_; }
  void on_confirm(const Confirm& confirm);

 private:
  Refusal check_content(const PropertiesView& view);
  void create_message(const PropertiesView& view, Bytes properties, std::uint64_t body_size);
  std::uint32_t send_at_once(MessageRef message, const Broker::Publish& publish);
  void trace(const Message& message, const RouteResult& route);
  void note_congestion(const RouteResult& route);

  const SessionLink& link_;
  SessionAccess& access_;
  ReplyAddress& reply_address_;
  Counting counting_ = Counting::none;
  /// Its content is being received. Exchange and key are those of the route cache until the header
  /// comes.
  ClientPublish incoming_;
  RouteCache route_cache_;
  ConfirmWindow confirms_;
  ImmediatePublishes immediate_;
};

}  // namespace lepus::core
