// A message that goes on as another one: same body, persistence and priority, other properties.
#pragma once

#include "core/message/message.h"
#include "core/message/properties.h"

namespace lepus::core {

/// The properties of a message, also of one in a store (core/message/store_path.h); views into it.
PropertiesView properties_of(const Message& message);

/// With the body of `message`; the rest is what `parts` says.
MessageRef with_body_of(const Message& message, Message::Parts parts, MemoryAccount& account);

/// With the body, persistence and priority of `message`; the rest is what `parts` says.
MessageRef rewrite(const Message& message, Message::Parts parts, MemoryAccount& account);

}  // namespace lepus::core
