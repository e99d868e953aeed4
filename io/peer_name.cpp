// How a connection is named in logs and to users.
#include "io/peer_name.h"

#include <string_view>

namespace lepus::io {
namespace {

std::string endpoint_text(const Endpoint& end) {
  const bool is_v6 = end.address.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + end.address + "]" : end.address;
  return host + ":" + std::to_string(end.port);
}

}  // namespace

std::string PeerName::text() const {
  if (!user) return endpoint_text(remote) + " -> " + endpoint_text(local);
  return "pid " + std::to_string(process) + " uid " + std::to_string(*user) + " -> " +
         (local.address.empty() ? "unix socket" : local.address);
}

bool PeerName::is_loopback() const {
  if (is_relayed) return false;
  if (user) return true;
  const std::string_view address = remote.address;
  return address.starts_with("127.") || address == "::1" || address.starts_with("::ffff:127.");
}

}  // namespace lepus::io
