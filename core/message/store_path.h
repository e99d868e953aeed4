// What a message that is held by an exchange (core/topology/exchange_store.h) remembers: which
// exchanges have held it on its way. None of them takes it a second time, so every way through them
// ends, also when there was a restart on it. It is written behind the properties, which end by
// themselves, and is gone when the message goes into a queue: no client sees or sends it.
//
//   | properties | flags 1 | ExchangeId 8 | ExchangeId 8 | ...
//
// Nothing behind the properties: it came from a client, and passed none.
#pragma once

#include <boost/container/small_vector.hpp>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/message/message.h"

namespace lepus::core {

struct StorePath {
  /// A return to a queue that it died in is a cycle.
  bool is_dead_letter = false;
  boost::container::small_vector<ExchangeId, 4> passed;
};

StorePath path_of(const Message& message);
/// The properties alone, as in the content header frame.
Bytes plain_properties(const Message& message);
/// A copy of a message without a path, which has this one.
MessageRef with_path(const Message& message, const StorePath& path, MemoryAccount& account);

}  // namespace lepus::core
