// See client_login.h.
#include "net/amqp/client/client_login.h"

#include <algorithm>

#include "core/message/field_table_writer.h"

namespace lepus::amqp {

namespace {

constexpr std::uint32_t smallest_frame_max = 4096;
constexpr std::size_t shown_mechanisms_max = 200;

std::string client_properties(const ClientLogin& login) {
  core::FieldTableWriter table;
  table.text("product", "Lepus");
  table.text("connection_name", login.connection_name);
  table.begin_table("capabilities");
  for (const char* name : {"publisher_confirms", "basic.nack", "connection.blocked",
                           "consumer_cancel_notify", "authentication_failure_close"})
    table.boolean(name, true);
  table.end();
  return table.take();
}

bool offers(std::string_view mechanisms, std::string_view wanted) {
  const std::string all = " " + std::string{mechanisms} + " ";
  return all.find(" " + std::string{wanted} + " ") != std::string::npos;
}

}  // namespace

std::string answer_start(const ConnectionStart& start, const ClientLogin& login, Writer& writer) {
  const std::string_view mechanism = login.uses_external ? "EXTERNAL" : "PLAIN";
  if (!offers(start.mechanisms, mechanism))
    return "the other broker does not offer the mechanism " + std::string{mechanism} +
           ", only: " + std::string{start.mechanisms.substr(0, shown_mechanisms_max)};
  std::string response;
  if (!login.uses_external) {
    response.push_back('\0');
    response += login.user;
    response.push_back('\0');
    response += login.password;
  }
  const std::string properties = client_properties(login);
  writer.method(0, ConnectionStartOk{core::as_bytes(properties), mechanism, response, "en_US"});
  return {};
}

std::string answer_tune(const ConnectionTune& tune, const ClientLogin& login, ClientLimits& limits,
                        Writer& writer) {
  if (tune.frame_max != 0) limits.frame_max = std::min(limits.frame_max, tune.frame_max);
  if (limits.frame_max < smallest_frame_max)
    return "the other broker wants frames of at most " + std::to_string(limits.frame_max) +
           " bytes, which AMQP does not allow";
  limits.heartbeat_s = login.heartbeat_s;
  if (login.heartbeat_s != 0 && tune.heartbeat != 0)
    limits.heartbeat_s = std::min(login.heartbeat_s, tune.heartbeat);
  writer.set_frame_max(limits.frame_max);
  writer.method(0, ConnectionTuneOk{1, limits.frame_max, limits.heartbeat_s});
  writer.method(0, ConnectionOpen{login.vhost});
  return {};
}

}  // namespace lepus::amqp
