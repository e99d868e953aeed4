// Bytes as Erlang prints a binary. RabbitMQ's error texts contain them, and people search for these
// texts.
#pragma once

#include <string>

#include "core/base/bytes.h"

namespace lepus::amqp {

/// Numbers, Erlang's ~w: <<0,20,97>>. At most the 255 bytes a reply text has room for are printed.
std::string print_octets(core::Bytes bytes);

/// The first 16 bytes of a payload, with "..." behind if there were more; Erlang's ~p: as text if
/// all of it can be read, <<"abcd">>, else as numbers. Only ASCII counts as readable here (Erlang
/// takes Latin-1 as well), so that the reply text is UTF-8.
std::string print_payload(core::Bytes payload);

}  // namespace lepus::amqp
