// Where an issuer says that its keys are (OpenID Connect Discovery 1.0, 4). Pure.
#pragma once

#include <string>
#include <string_view>

#include "tools/server/auth/oauth2_config.h"

namespace lepus::server {

/// Of the provider's issuer, which it has.
std::string discovery_url(const OAuth2Provider& provider);

struct Discovered {
  std::string jwks_url;
  std::string error;  ///< Not empty: the document cannot be used, and why.
};
/// A document of an issuer with https has to name keys with https.
Discovered read_discovery(std::string_view json, const OAuth2Provider& provider);

}  // namespace lepus::server
