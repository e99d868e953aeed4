// Generated names, and what the server says of itself in connection.start.
#include "net/amqp/services.h"

#include "core/message/field_table_writer.h"

namespace lepus::amqp {

namespace {

constexpr std::string_view base64url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t generated_characters = 22;  // 128 bits and a bit, as RabbitMQ's names have.

std::string build_server_properties(const Settings& settings) {
  core::FieldTableWriter table;
  table.begin_table("capabilities");
  for (const char* name : {"publisher_confirms", "exchange_exchange_bindings", "basic.nack",
                           "consumer_cancel_notify", "connection.blocked", "consumer_priorities",
                           "authentication_failure_close", "per_consumer_qos", "direct_reply_to"})
    table.boolean(name, true);
  table.end();
  table.text("cluster_name", settings.cluster_name);
  table.text("copyright", "Copyright (c) the Lepus developers");
  table.text("information", settings.information);
  table.text("platform", "Lepus");
  table.text("product", settings.product);
  table.text("version", settings.version);
  return table.take();
}

}  // namespace

Services::Services(const Parts& parts)
    : parts_(parts),
      server_properties_(build_server_properties(*parts.settings)),
      random_(parts.seed),
      secrets_(parts.secret_key) {}

void Services::set_settings(const Settings& settings) {
  parts_.settings = &settings;
  server_properties_ = build_server_properties(settings);
}

std::string Services::generate_name(std::string_view prefix) {
  std::string name{prefix};
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < generated_characters; ++i) {
    if (i % 10 == 0) bits = random_.next();
    name += base64url[bits & 63];
    bits >>= 6;
  }
  return name;
}

}  // namespace lepus::amqp
