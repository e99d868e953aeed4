// Where one consumer of a stream stands.
#pragma once

#include <cstdint>
#include <memory>

#include "core/queue/consumer.h"
#include "core/stream/stream_progress.h"
#include "core/stream/stream_spec.h"

namespace lepus::core {

struct StreamReader final : ConsumerExtension {
  /// What it waits for; each but `settlement` is a list of StreamReaders.
  enum class Waits : std::uint8_t {
    turn,        ///< For its turn: there may be something that it can take.
    message,     ///< It is at the end of the stream.
    content,     ///< What it is to get next is being read, or written.
    settlement,  ///< It has no room, or no credit, or is paused.
  };

  StreamSpec spec;
  Sequence next = 0;        ///< The offset it is offered next.
  Sequence asked_page = 0;  ///< Pages before this one were asked for on its behalf.
  std::unique_ptr<StreamProgress> progress;  ///< Of one whose offset is kept.
  Waits waits = Waits::settlement;
  bool is_placed = true;  ///< False: what is known under its name has to be read first.
};

/// `consumer` is one of a stream.
inline StreamReader& reader_of(const Consumer& consumer) {
  CHECK(consumer.extension != nullptr);
  return static_cast<StreamReader&>(*consumer.extension);
}

}  // namespace lepus::core
