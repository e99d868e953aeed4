// Where one consumer of a stream stands.
#pragma once

#include <memory>

#include "core/queue/backlog/backlog.h"
#include "core/stream/stream_progress.h"
#include "core/stream/stream_spec.h"

namespace lepus::core {

struct StreamReader {
  StreamSpec spec;
  Sequence next = 0;        ///< The offset it is offered next.
  Sequence asked_page = 0;  ///< Pages before this one were asked for on its behalf.
  std::unique_ptr<StreamProgress> progress;  ///< Of one whose offset is kept.
  bool is_placed = true;                     ///< False: it waits for what is known under its name.
};

}  // namespace lepus::core
