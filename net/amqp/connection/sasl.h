// The SASL mechanisms: which are offered to a client, and whom its response to one of them names.
//
//   PLAIN, AMQPLAIN   a name and a password
//   EXTERNAL          the name in the client's certificate, which TLS has verified
//   ANONYMOUS         the user that the operator has named for it; whatever the client says
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/amqp/connection/facts.h"
#include "net/amqp/settings.h"

namespace lepus::amqp {

/// Of the operator's, those that make sense for this client, in his order: EXTERNAL needs TLS.
std::vector<std::string_view> offered_mechanisms(const Settings& settings,
                                                 const ConnectionFacts& facts);

struct Credentials {
  std::string name;          ///< Of EXTERNAL: empty when there is no certificate to take it from.
  std::string password;      ///< Of who needs one.
  bool has_password = true;  ///< Else something better vouches for the name.
};

/// `mechanism` is one that is offered. Nothing: the response is not what it has to be.
std::optional<Credentials> read_credentials(std::string_view mechanism, std::string_view response,
                                            const Settings& settings, const ConnectionFacts& facts);

}  // namespace lepus::amqp
