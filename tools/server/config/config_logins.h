// What the keys about logins must say together.
#pragma once

#include "tools/server/config/config.h"

namespace lepus::server {

void check_logins(ConfigResult& result);
/// Of the backend oauth2, which is asked. config_tokens.cpp
void check_tokens(ConfigResult& result);

}  // namespace lepus::server
