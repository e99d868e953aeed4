// Method encoders. Field order follows the AMQP 0-9-1 definition of each method; flags share one
// octet.
#include "tools/perf/client/methods.h"

#include <algorithm>
#include <charconv>

namespace lepus::perf {

namespace {

const std::vector<std::pair<std::string, std::string>> no_arguments;

// Values that are whole numbers go out as integers, all others as strings.
void write_arguments(Writer& to,
                     const std::vector<std::pair<std::string, std::string>>& arguments) {
  const size_t table = to.begin_table();
  for (const auto& [key, value] : arguments) {
    int64_t number = 0;
    const char* end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, number);
    if (error == std::errc() && stop == end) {
      to.field_int(key, number);
    } else {
      to.field_string(key, value);
    }
  }
  to.end_table(table);
}

}  // namespace

void write_protocol_header(Bytes& out) { Writer(out).raw(std::string_view("AMQP\0\0\x09\x01", 8)); }

void write_start_ok(Bytes& out, const Uri& uri) {
  Writer to(out);
  to.begin_method(0, method::connection_start_ok);
  const size_t properties = to.begin_table();
  to.field_string("product", "lepus-perf");
  to.field_string("platform", "Linux");
  const size_t capabilities = to.begin_field_table("capabilities");
  to.field_bool("connection.blocked", true);
  to.field_bool("publisher_confirms", true);
  to.field_bool("basic.nack", true);
  to.field_bool("consumer_cancel_notify", true);
  to.field_bool("authentication_failure_close", true);
  to.end_table(capabilities);
  to.end_table(properties);
  to.short_string("PLAIN");
  std::string response;
  response.append(1, '\0').append(uri.user).append(1, '\0').append(uri.password);
  to.long_string(response);
  to.short_string("en_US");
  to.end_frame();
}

void write_tune_ok(Bytes& out, uint16_t channel_max, uint32_t frame_size_max) {
  Writer to(out);
  to.begin_method(0, method::connection_tune_ok);
  to.u16(channel_max);
  to.u32(frame_size_max);
  to.u16(0);  // no heartbeats: a stalled broker must show as latency, not as a lost connection
  to.end_frame();
}

void write_open(Bytes& out, std::string_view vhost) {
  Writer to(out);
  to.begin_method(0, method::connection_open);
  to.short_string(vhost);
  to.short_string("");
  to.u8(0);
  to.end_frame();
}

void write_connection_close(Bytes& out) {
  Writer to(out);
  to.begin_method(0, method::connection_close);
  to.u16(200);
  to.short_string("done");
  to.u32(0);
  to.end_frame();
}

void write_connection_close_ok(Bytes& out) {
  Writer to(out);
  to.begin_method(0, method::connection_close_ok);
  to.end_frame();
}

void write_channel_open(Bytes& out, uint16_t channel) {
  Writer to(out);
  to.begin_method(channel, method::channel_open);
  to.short_string("");
  to.end_frame();
}

void write_channel_close(Bytes& out, uint16_t channel) {
  Writer to(out);
  to.begin_method(channel, method::channel_close);
  to.u16(200);
  to.short_string("done");
  to.u32(0);
  to.end_frame();
}

void write_queue_declare(Bytes& out, const QueueDeclare& declare) {
  Writer to(out);
  to.begin_method(1, method::queue_declare);
  to.u16(0);
  to.short_string(declare.name);
  to.u8((declare.passive ? 1u : 0u) | (declare.durable ? 2u : 0u) | (declare.exclusive ? 4u : 0u));
  write_arguments(to, declare.arguments != nullptr ? *declare.arguments : no_arguments);
  to.end_frame();
}

void write_queue_purge(Bytes& out, std::string_view queue) {
  Writer to(out);
  to.begin_method(1, method::queue_purge);
  to.u16(0);
  to.short_string(queue);
  to.u8(0);
  to.end_frame();
}

void write_queue_delete(Bytes& out, std::string_view queue) {
  Writer to(out);
  to.begin_method(1, method::queue_delete);
  to.u16(0);
  to.short_string(queue);
  to.u8(0);
  to.end_frame();
}

void write_queue_bind(Bytes& out, const QueueBind& bind) {
  Writer to(out);
  to.begin_method(1, method::queue_bind);
  to.u16(0);
  to.short_string(bind.queue);
  to.short_string(bind.exchange);
  to.short_string(bind.key);
  to.u8(0);
  const size_t table = to.begin_table();
  if (!bind.header_value.empty()) {
    to.field_string("x-match", "all");
    to.field_string("queue", bind.header_value);
  }
  to.end_table(table);
  to.end_frame();
}

void write_exchange_declare(Bytes& out, std::string_view exchange, std::string_view type,
                            bool durable) {
  Writer to(out);
  to.begin_method(1, method::exchange_declare);
  to.u16(0);
  to.short_string(exchange);
  to.short_string(type);
  to.u8(durable ? 2 : 0);
  to.end_table(to.begin_table());
  to.end_frame();
}

void write_exchange_delete(Bytes& out, std::string_view exchange) {
  Writer to(out);
  to.begin_method(1, method::exchange_delete);
  to.u16(0);
  to.short_string(exchange);
  to.u8(0);
  to.end_frame();
}

void write_qos(Bytes& out, uint16_t prefetch) {
  Writer to(out);
  to.begin_method(1, method::basic_qos);
  to.u32(0);
  to.u16(prefetch);
  to.u8(0);
  to.end_frame();
}

void write_consume(Bytes& out, std::string_view queue, bool auto_ack,
                   const std::vector<std::pair<std::string, std::string>>& arguments) {
  Writer to(out);
  to.begin_method(1, method::basic_consume);
  to.u16(0);
  to.short_string(queue);
  to.short_string(queue);  // the consumer tag: unique on the channel, and short
  to.u8(auto_ack ? 2 : 0);
  write_arguments(to, arguments);
  to.end_frame();
}

void write_get(Bytes& out, std::string_view queue, bool auto_ack) {
  Writer to(out);
  to.begin_method(1, method::basic_get);
  to.u16(0);
  to.short_string(queue);
  to.u8(auto_ack ? 1 : 0);
  to.end_frame();
}

void write_nack(Bytes& out, uint64_t tag, bool requeue) {
  Writer to(out);
  to.begin_method(1, method::basic_nack);
  to.u64(tag);
  to.u8(requeue ? 2 : 0);
  to.end_frame();
}

void write_confirm_select(Bytes& out) {
  Writer to(out);
  to.begin_method(1, method::confirm_select);
  to.u8(0);
  to.end_frame();
}

void write_ack(Bytes& out, uint64_t tag, bool multiple) {
  static constexpr uint8_t blank[ack_frame_size] = {
      frame_method, 0, 1, 0, 0, 0, 13, 0, class_basic, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0, frame_end};
  const size_t index = out.size();
  out.insert(out.end(), blank, blank + ack_frame_size);
  store_u64(&out[index + 11], tag);
  out[index + 19] = multiple;
}

void write_publish(Bytes& out, const Publish& publish) {
  Writer to(out);
  to.begin_method(1, method::basic_publish);
  to.u16(0);
  to.short_string(publish.exchange);
  to.short_string(publish.key);
  to.u8(publish.mandatory ? 1 : 0);
  to.end_frame();

  to.begin_frame(frame_header, 1);
  to.u16(class_basic);
  to.u16(0);
  to.u64(publish.body_size);
  to.u16(publish.flags);
  to.raw(publish.properties);
  to.end_frame();

  const uint64_t piece_size_max = publish.frame_size_max - frame_overhead_size;
  for (uint64_t left = publish.body_size; left > 0;) {
    const size_t piece_size = static_cast<size_t>(std::min(left, piece_size_max));
    to.begin_frame(frame_body, 1);
    out.insert(out.end(), piece_size, uint8_t{'x'});
    to.end_frame();
    left -= piece_size;
  }
}

}  // namespace lepus::perf
