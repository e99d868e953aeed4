// What the configuration says of messages that come in.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/session/publish/interceptors.h"

namespace lepus::core {

struct PublishSettings {
  std::uint64_t message_size_max;  ///< Of the body, bytes.
  const Interceptors& interceptors;
  std::string_view node;  ///< For the interceptors.
};

}  // namespace lepus::core
