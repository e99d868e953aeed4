// What the configuration says of AMQP connections to come.
#pragma once

#include <memory>

#include "net/amqp/settings.h"
#include "tools/server/config/config.h"

namespace lepus::server {

std::unique_ptr<amqp::Settings> make_settings(const ServerConfig& config);

}  // namespace lepus::server
