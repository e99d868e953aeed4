// Encoders for the methods a load generator sends; each appends one complete frame.
#pragma once

#include <string>
#include <string_view>

#include "tools/perf/client/wire.h"
#include "tools/perf/options.h"

namespace lepus::perf {

constexpr size_t ack_frame_size = 21;

void write_protocol_header(Bytes& out);
void write_start_ok(Bytes& out, const Uri& uri);
void write_tune_ok(Bytes& out, uint16_t channel_max, uint32_t frame_size_max);
void write_open(Bytes& out, std::string_view vhost);
void write_connection_close(Bytes& out);
void write_connection_close_ok(Bytes& out);
void write_channel_open(Bytes& out, uint16_t channel);
void write_channel_close(Bytes& out, uint16_t channel);

// The rest is on channel 1.
struct QueueDeclare {
  std::string_view name;  // empty: the broker chooses
  bool passive = false;   // only asks: there must be such a queue
  bool durable = false;
  bool exclusive = false;
  const std::vector<std::pair<std::string, std::string>>* arguments = nullptr;
};
void write_queue_declare(Bytes& out, const QueueDeclare& declare);
void write_queue_purge(Bytes& out, std::string_view queue);
void write_queue_delete(Bytes& out, std::string_view queue);

struct QueueBind {
  std::string_view queue;
  std::string_view exchange;
  std::string_view key;
  std::string_view header_value;  // not empty: argument "queue" with this value, x-match all
};
void write_queue_bind(Bytes& out, const QueueBind& bind);

void write_exchange_declare(Bytes& out, std::string_view exchange, std::string_view type,
                            bool durable);
void write_exchange_delete(Bytes& out, std::string_view exchange);
void write_qos(Bytes& out, uint16_t prefetch);
void write_consume(Bytes& out, std::string_view queue, bool auto_ack,
                   const std::vector<std::pair<std::string, std::string>>& arguments);
void write_get(Bytes& out, std::string_view queue, bool auto_ack);
void write_confirm_select(Bytes& out);
void write_nack(Bytes& out, uint64_t tag, bool requeue);
// Appends ack_frame_size bytes.
void write_ack(Bytes& out, uint64_t tag, bool multiple);

// A whole message; `properties` are the encoded values that belong to `flags`, the body is a time
// stamp and filling.
struct Publish {
  std::string_view exchange;
  std::string_view key;
  bool mandatory = false;
  uint16_t flags = 0;
  std::string_view properties;
  uint64_t body_size = 0;
  uint32_t frame_size_max = 0;
};
void write_publish(Bytes& out, const Publish& publish);

}  // namespace lepus::perf
