// What happened to messages, counted where it happens: plain numbers that only grow, each with one
// writer. RabbitMQ's names (its management API has them as `message_stats`); what each event is
// counted by says the table below.
//
//                      queue  exchange  channel  virtual host
//   publish              x                 x          x      from a publisher; a queue: got
//   publish_in                   x                           came to the exchange
//   publish_out                  x                           went from it to a queue, one per queue
//   confirm                                x          x      basic.ack sent to a publisher
//   return_unroutable                      x          x      mandatory, and no queue: basic.return
//   drop_unroutable                        x          x      no queue, and not mandatory
//   deliver              x                 x          x      basic.deliver that wants an ack
//   deliver_no_ack       x                 x          x      basic.deliver that wants none
//   get, get_no_ack      x                 x          x      basic.get-ok, by the same difference
//   get_empty            x                 x          x      basic.get-empty
//   ack                  x                 x          x      acknowledged by a consumer
//   redeliver            x                 x          x      of deliver and get: seen before
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lepus::core {

enum class MessageEvent : std::uint8_t {
  publish,
  publish_in,
  publish_out,
  confirm,
  return_unroutable,
  drop_unroutable,
  deliver,
  deliver_no_ack,
  get,
  get_no_ack,
  get_empty,
  ack,
  redeliver,
};
constexpr std::size_t message_event_count = static_cast<std::size_t>(MessageEvent::redeliver) + 1;

/// By MessageEvent, as RabbitMQ's HTTP API names them.
constexpr std::array<std::string_view, message_event_count> message_event_names{
    "publish",         "publish_in", "publish_out",    "confirm", "return_unroutable",
    "drop_unroutable", "deliver",    "deliver_no_ack", "get",     "get_no_ack",
    "get_empty",       "ack",        "redeliver"};

class MessageCounts {
 public:
  std::uint64_t& operator[](MessageEvent event) { return counts_[static_cast<std::size_t>(event)]; }
  std::uint64_t operator[](MessageEvent event) const {
    return counts_[static_cast<std::size_t>(event)];
  }
  MessageCounts& operator+=(const MessageCounts& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    return *this;
  }
  bool operator==(const MessageCounts&) const = default;
  /// RabbitMQ's deliver_get: everything that reached a consumer.
  std::uint64_t deliver_get() const {
    return (*this)[MessageEvent::deliver] + (*this)[MessageEvent::deliver_no_ack] +
           (*this)[MessageEvent::get] + (*this)[MessageEvent::get_no_ack];
  }

 private:
  std::array<std::uint64_t, message_event_count> counts_{};
};

}  // namespace lepus::core
