// What comes to the consumers of a channel, and the answer to basic.get, as frames: one call a
// message. A consumer of a connection whose output is full waits; who gets replies by direct
// reply-to does not, as nobody holds back who replies.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/broker/ports.h"
#include "net/amqp/channel/channel_link.h"
#include "net/amqp/channel/consumer_notices.h"

namespace lepus::amqp {

class DeliveryWriter final : public core::DeliveryPort {
 public:
  /// Both outlive this object, or at least its last call.
  DeliveryWriter(const ChannelLink& link, ConsumerNotices& notices)
      : link_(link), notices_(notices) {}

  // DeliveryPort
  bool on_deliver(const core::Deliver& delivery, core::MessageRef message) override;
  void on_consumer_cancelled(std::uint32_t number) override { notices_.on_cancelled(number); }
  void on_consumer_active(std::uint32_t number, bool is_active) override;
  core::Credit on_credit_request(const core::CreditRequest& request) override;
  void on_credit_return(std::uint32_t count) override;

  /// basic.get-ok, or basic.get-empty for a null message.
  void write_got(const core::GetReply& reply, std::uint64_t tag, core::MessageRef message);

 private:
  template <class Method>
  void write_with_header(const Method& method, core::MessageRef message, std::string_view header,
                         std::int64_t value);

  const ChannelLink& link_;
  ConsumerNotices& notices_;
};

}  // namespace lepus::amqp
