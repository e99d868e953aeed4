// How a connection is named in logs and to users.
#include "io/driver.h"

namespace lepus::io {
namespace {

std::string endpoint_text(const Endpoint& end) {
  const bool is_v6 = end.address.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + end.address + "]" : end.address;
  return host + ":" + std::to_string(end.port);
}

}  // namespace

std::string PeerName::text() const { return endpoint_text(remote) + " -> " + endpoint_text(local); }

}  // namespace lepus::io
