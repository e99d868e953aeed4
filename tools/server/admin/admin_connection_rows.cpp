// The columns of connections. See admin_rows.h.
#include <array>

#include "net/amqp/pid.h"
#include "tools/server/admin/admin_rows.h"
#include "tools/server/admin/message_json.h"

namespace lepus::server {

namespace {

void write_properties(const std::string& inside, JsonWriter& json) {
  write_field_table(core::FieldTable{core::as_bytes(inside)}, json);
}

using J = JsonWriter;
using C = ConnectionRow;
constexpr std::array connection_columns{
    Column<C>{"pid", false,
              [](const C& c, J& json) { json.text(amqp::connection_pid(c.node, c.stats.id)); }},
    Column<C>{"name", false, [](const C& c, J& json) { json.text(c.stats.name); }},
    Column<C>{"port", false, [](const C& c, J& json) { json.number(c.stats.port); }},
    Column<C>{"host", false, [](const C& c, J& json) { json.text(c.stats.host); }},
    Column<C>{"user", true, [](const C& c, J& json) { json.text(c.stats.user); }},
    Column<C>{"peer_host", true, [](const C& c, J& json) { json.text(c.stats.peer_host); }},
    Column<C>{"peer_port", true, [](const C& c, J& json) { json.number(c.stats.peer_port); }},
    Column<C>{"ssl", false, [](const C& c, J& json) { json.boolean(c.stats.is_tls); }},
    Column<C>{"ssl_protocol", false, [](const C& c, J& json) { json.text(c.stats.tls_protocol); }},
    Column<C>{"ssl_key_exchange", false,
              [](const C& c, J& json) { json.text(c.stats.tls_key_exchange); }},
    Column<C>{"ssl_cipher", false, [](const C& c, J& json) { json.text(c.stats.tls_cipher); }},
    Column<C>{"ssl_hash", false, [](const C& c, J& json) { json.text(c.stats.tls_hash); }},
    Column<C>{"peer_cert_subject", false,
              [](const C& c, J& json) { json.text(c.stats.peer_cert_subject); }},
    Column<C>{"peer_cert_issuer", false,
              [](const C& c, J& json) { json.text(c.stats.peer_cert_issuer); }},
    Column<C>{"peer_cert_validity", false,
              [](const C& c, J& json) { json.text(c.stats.peer_cert_validity); }},
    Column<C>{"protocol", false, [](const C&, J& json) { json.text("{0,9,1}"); }},
    Column<C>{"listener", false, [](const C& c, J& json) { json.text(c.stats.listener); }},
    Column<C>{"state", true, [](const C& c, J& json) { json.text(c.stats.state); }},
    Column<C>{"channels", false, [](const C& c, J& json) { json.number(c.stats.channels); }},
    Column<C>{"auth_mechanism", false,
              [](const C& c, J& json) { json.text(c.stats.auth_mechanism); }},
    Column<C>{"vhost", false, [](const C& c, J& json) { json.text(c.stats.vhost); }},
    Column<C>{"timeout", false, [](const C& c, J& json) { json.number(c.stats.timeout_s); }},
    Column<C>{"frame_max", false, [](const C& c, J& json) { json.number(c.stats.frame_max); }},
    Column<C>{"channel_max", false, [](const C& c, J& json) { json.number(c.stats.channel_max); }},
    Column<C>{"client_properties", false,
              [](const C& c, J& json) { write_properties(c.stats.client_properties, json); }},
    Column<C>{"recv_oct", false, [](const C& c, J& json) { json.number(c.stats.recv_oct); }},
    Column<C>{"recv_cnt", false, [](const C& c, J& json) { json.number(c.stats.recv_cnt); }},
    Column<C>{"send_oct", false, [](const C& c, J& json) { json.number(c.stats.send_oct); }},
    Column<C>{"send_cnt", false, [](const C& c, J& json) { json.number(c.stats.send_cnt); }},
    Column<C>{"send_pend", false, [](const C& c, J& json) { json.number(c.stats.send_pend); }},
    Column<C>{"connected_at", false,
              [](const C& c, J& json) { json.number(c.stats.connected_at_ms); }},
};

}  // namespace

template <>
std::span<const Column<ConnectionRow>> columns_of() {
  return connection_columns;
}

}  // namespace lepus::server
