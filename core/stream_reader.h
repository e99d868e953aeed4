// Where one consumer of a stream stands.
#pragma once

#include "core/backlog.h"
#include "core/stream_spec.h"

namespace lepus::core {

struct StreamReader {
  StreamSpec spec;
  Sequence next = 0;        ///< The offset it is offered next.
  Sequence asked_page = 0;  ///< Pages before this one were asked for on its behalf.
};

}  // namespace lepus::core
