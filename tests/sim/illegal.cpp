// What clients should not do, and the error each must get.
#include "tests/sim/actor.h"

#include "core/message/field_table_writer.h"
#include "core/message/properties.h"

namespace lepus::sim {

namespace {

constexpr std::uint64_t no_such_tag = 1ULL << 40;

std::string bad_properties(std::uint64_t kind) {
  core::PropertiesView view;
  if (kind == 0) {
    view.delivery_mode = 7;
    view.set(core::Property::delivery_mode);
  } else if (kind == 1) {
    view.expiration = "soon";
    view.set(core::Property::expiration);
  } else {
    view.user_id = "somebody";
    view.set(core::Property::user_id);
  }
  return std::string{core::as_text(core::encode_properties(view))};
}

}  // namespace

void Actor::break_channel(Client& client, Channel& channel) {
  Wire& wire = client.wire();
  const std::uint16_t number = channel.number();
  switch (random_.below(11)) {
    case 0:
      wire.method(number, amqp::BasicAck{no_such_tag, random_.chance(50)});
      return channel.doom({406, 60, 80});
    case 1:
      wire.method(number, amqp::BasicReject{no_such_tag, true});
      return channel.doom({406, 60, 90});
    case 2:
      wire.method(number, amqp::BasicPublish{"nowhere", "k", false, false});
      wire.content(number, {std::string_view("\0\0", 2), "lost", 4});
      return channel.doom({404, 60, 40});
    case 3:
      wire.method(number, amqp::BasicConsume{"nowhere", "t", false, false, false, false, {}});
      return channel.doom({404, 60, 20});
    case 4:
      wire.method(number, amqp::BasicGet{"nowhere", false});
      return channel.doom({404, 60, 70});
    case 5:
      wire.method(number, amqp::QueueDeclare{"nowhere", true, false, false, false, false, {}});
      return channel.doom({404, 50, 10});
    case 6:
      wire.method(number, amqp::ExchangeDelete{"amq.direct", false, false});
      return channel.doom({403, 40, 20});
    case 7:
      wire.method(number, amqp::QueueDeclare{"amq.mine", false, false, false, false, false, {}});
      return channel.doom({403, 50, 10});
    case 8:
      if (channel.mode() == Channel::Mode::tx) {
        wire.method(number, amqp::ConfirmSelect{false});
        return channel.doom({406, 85, 10});
      }
      wire.method(number, amqp::TxCommit{});
      return channel.doom({406, 90, 20});
    case 9: {
      const std::string properties = bad_properties(random_.below(3));
      wire.method(number, amqp::BasicPublish{"", "nowhere", false, false});
      wire.content(number, {properties, "bad", 3});
      return channel.doom({406, 60, 40});
    }
    default:
      wire.method(number, amqp::QueueBind{"nowhere", "nowhere", "k", false, {}});
      return channel.doom({404, 50, 20});
  }
}

void Actor::break_connection(Client& client, Channel& channel) {
  Wire& wire = client.wire();
  const std::uint16_t number = channel.number();
  switch (random_.below(8)) {
    case 0:
      wire.method(number, amqp::ChannelOpen{});
      return client.doom({504, 20, 10});
    case 1:
      wire.method(1999, amqp::BasicAck{1, false});
      return client.doom({504, 60, 80});
    case 2:
      wire.frame({amqp::FrameType::method, number,
                  core::as_bytes(std::string_view("\x00\x3c\x03\xe7", 4))});
      return client.doom({503, 60, 999});
    case 3:
      wire.raw(std::string_view("\x08\x00\x00\x00\x00\x00\x00\x00", 8));
      return client.doom({501, 0, 0});
    case 4:
      wire.raw(std::string_view("\x07\x00\x00\x00\x00\x00\x00\xce", 8));
      return client.doom({501, 0, 0});
    case 5:
      wire.raw(std::string_view("\x01\x00\x01\x7f\xff\xff\xff", 7));
      return client.doom({501, 0, 0});
    case 6: {
      wire.method(number, amqp::BasicPublish{"", "k", false, false});
      wire.method(number, amqp::BasicGet{"k", false});
      return client.doom({505, 60, 40});
    }
    default:
      wire.content(number, {std::string_view("\0\0", 2), "", 0});
      return client.doom({505, 0, 0});
  }
}

}  // namespace lepus::sim
