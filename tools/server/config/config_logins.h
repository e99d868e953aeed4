// What the keys about logins must say together.
#pragma once

#include "tools/server/config/config.h"

namespace lepus::server {

void check_logins(ConfigResult& result);

}  // namespace lepus::server
