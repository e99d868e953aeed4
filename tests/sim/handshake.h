// The client's part of the handshake, for all clients of the simulation: protocol header,
// start-ok, tune-ok and open. What they announce is the same for all.
#pragma once

#include <string>

#include "core/message/field_table_writer.h"
#include "tests/sim/wire.h"

namespace lepus::sim {

inline void write_protocol_header(Wire& wire) { wire.raw(std::string_view("AMQP\0\0\x09\x01", 8)); }

/// As the user guest, who may do everything.
inline void write_start_ok(Wire& wire) {
  core::FieldTableWriter table;
  table.begin_table("capabilities");
  for (const char* name :
       {"consumer_cancel_notify", "connection.blocked", "authentication_failure_close"})
    table.boolean(name, true);
  table.end();
  const std::string properties = table.take();
  wire.method(0, amqp::ConnectionStartOk{core::as_bytes(properties), "PLAIN",
                                         std::string_view("\0guest\0guest", 12), "en_US"});
}

/// The answer to connection.tune, and connection.open for the virtual host "/".
inline void write_tune_ok(Wire& wire, const amqp::ConnectionTuneOk& tune_ok) {
  wire.set_frame_max(tune_ok.frame_max);
  wire.method(0, tune_ok);
  wire.method(0, amqp::ConnectionOpen{"/"});
}

}  // namespace lepus::sim
