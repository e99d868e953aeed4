// What the broker may add to every message as it comes in, when configured (RabbitMQ 3.12's message
// interceptors): when it came (header timestamp_in_ms and property timestamp) and which node took
// it (header x-routed-by).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/message/properties.h"

namespace lepus::core {

struct Interceptors {
  enum class Mode : std::uint8_t {
    off,
    keep,       ///< What the publisher set stays.
    overwrite,  ///< It does not.
  };
  Mode timestamp = Mode::off;
  Mode routing_node = Mode::off;

  bool any() const { return timestamp != Mode::off || routing_node != Mode::off; }
  bool operator==(const Interceptors&) const = default;
};

struct ArrivedAt {
  std::uint64_t time_ms = 0;  ///< Since 1970.
  std::string_view node;
};

/// Changes `view` as configured; it points into `headers` afterwards.
void intercept(const Interceptors& rules, const ArrivedAt& arrival, PropertiesView& view,
               std::string& headers);

}  // namespace lepus::core
