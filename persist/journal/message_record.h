// From a message to the head of its record, and from a record to a message.
#pragma once

#include "core/message/message.h"
#include "persist/journal/record.h"

namespace lepus::persist {

MessageHead make_head(const core::Message& message, std::uint64_t enqueued_ms, std::uint8_t flags);

/// A message with the content of its record. It has no place yet.
core::MessageRef make_message(const RecordView& record, core::MemoryAccount& account);

}  // namespace lepus::persist
